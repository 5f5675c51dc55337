"""Everything in one process tree: what `manage.py up` is made of."""


class CannotStart(Exception):
    """Something is in the way; the message says what, and what to do."""
