"""The database backend: the server of DATABASE_URL, else one of our own, started on the first connection."""
