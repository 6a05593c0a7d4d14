"""Part of Cairn."""
