"""The database backend: the server that DATABASE_URL names, else one of our own, started on the first connection."""
