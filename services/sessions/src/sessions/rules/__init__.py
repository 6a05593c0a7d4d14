"""What may happen to visits, sessions and entries, and what may not: pure functions over facts."""
