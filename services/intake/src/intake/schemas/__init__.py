"""Which shapes does intake take in and show over HTTP? One module for each family of routes."""
