"""Personal data: everything about one person as JSON, and its erasure."""
