"""The command line of Cairn: it starts everything on one machine, and asks and repairs later."""
