"""Limits on templates and their results, the counting of work, and the error for all problems."""

from collections.abc import Sized
from typing import Any

from liquid import RenderContext, Token
from liquid.undefined import UNDEFINED, is_undefined

MAX_TEMPLATE_LENGTH = 4000  # characters of a template
MAX_OUTPUT_LENGTH = 10_000  # characters that come out of it, and characters of each value on the way
MAX_LOOP_ROWS = 200  # of a list
MAX_BLOCKS = 10  # within each other
MAX_TEMPLATE_DEPTH = 30  # of an expression
MAX_ITERATIONS = 5000  # of loops within each other
MAX_LOCALS = 500_000  # bytes of the values of {% assign %}
MAX_WORK = 25_000  # steps of all renderings for a message; about 2 µs each
WORK_PER_ITEM = 100  # steps that each message of a digest adds
BODY_PER_STEP = 8  # characters of the source of a loop's body, in one iteration
TEXT_PER_STEP = 200  # characters of a value that is read or changed


class NotWorded(Exception):
    """The template is invalid, or failed; the message says where and why."""


class Work:
    """The remaining work for a message and the messages in it."""

    def __init__(self, items: int = 0) -> None:
        self.left = MAX_WORK + WORK_PER_ITEM * items

    def charge(self, steps: int) -> None:
        """Count work; NotWorded where the limit is exceeded."""
        self.left -= steps
        if self.left < 0:
            raise NotWorded("The template does too much; use fewer loops and shorter texts.")


class LimitedContext(RenderContext):
    """The variables of a rendering; missing ones are None. All work is counted."""

    def __init__(self, *args: Any, work: Work | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work = work or Work()

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        found = super().get(path, token=token, default=default)
        self.work.charge(steps_of(found))
        return None if is_undefined(found) else found

    def assign(self, key: str, val: Any) -> None:
        self.work.charge(1 + len(self.locals))  # all of which are measured each time
        super().assign(key, val)


def steps_of(value: object) -> int:
    """The work of reading or changing a value, in steps."""
    if isinstance(value, str):
        return 1 + len(value) // TEXT_PER_STEP
    return 1 + (len(value) if isinstance(value, Sized) else 0)
