"""What every API view shares: one error format, strict bodies and queries, keyset pages, permissions, description."""
