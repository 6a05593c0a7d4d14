"""What intake decides: pure functions over documents and dated policy; sources in SOURCES.md."""
