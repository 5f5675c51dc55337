"""The base of all API views: one error format, strict bodies and queries, keyset pages, permissions, description."""
