"""`manage.py up`: everything in one process tree."""


class CannotStart(Exception):
    """Something is in the way; the message says what, and what to do."""
