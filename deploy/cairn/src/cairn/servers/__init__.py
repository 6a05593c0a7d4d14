"""Which real servers run on this machine, and how are they started without a container?"""
