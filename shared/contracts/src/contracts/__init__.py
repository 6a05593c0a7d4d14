"""The language of Cairn: the facts its services tell each other, and what they are made of."""
