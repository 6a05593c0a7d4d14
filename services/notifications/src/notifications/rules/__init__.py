"""What notifications decides: pure functions over what was heard and a dated pack of notices."""
