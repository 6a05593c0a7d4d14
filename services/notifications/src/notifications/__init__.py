"""What is sent to clients, when, and what became of it."""
