"""How large a template and what comes of it may be, and the one error of all that is wrong with it."""

MAX_TEMPLATE_LENGTH = 4000  # characters of a template
LONGEST_OUTPUT = 10_000  # characters that may come out of it
LOOPS = 2  # within each other
MAX_LOOP_ROWS = 200  # that one loop goes through
WORK = 1_000_000  # characters that are read and written on the way
STEP = 20  # characters that a single step counts as, at least
MOST_PLACES = 20
LONGEST_FORMAT = 50


class NotWorded(Exception):
    """The template is wrong, or failed; the message of this says where and why."""
