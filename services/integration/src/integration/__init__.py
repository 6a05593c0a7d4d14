"""What comes after a session: cases, and the records that arrive for another therapist to read."""
