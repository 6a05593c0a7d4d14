"""What integration decides: pure functions over documents and what was heard."""
