"""JSON over HTTP: each endpoint translates, asks a rule through the store, and shows the answer."""
