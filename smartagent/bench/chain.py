"""The activity log without its chain, to measure what the chain costs."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

TRIGGERS = """
SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE t.tgrelid = 'agent_activity_log'::regclass AND NOT t.tgisinternal
   AND p.proname ~ '(entry_changes|entry_notes)'
"""


@contextmanager
def unchained() -> Iterator[None]:
    """Within, nothing notes the entries that are to be sealed, or refuses changes of them."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        names = [name for (name,) in cursor.fetchall()]
    if not names:
        raise LookupError("The activity log has no triggers of the chain.")
    _alter("DISABLE", names)
    try:
        yield
    finally:
        _alter("ENABLE", names)


def _alter(verb: str, names: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE agent_activity_log {', '.join(f'{verb} TRIGGER {name}' for name in names)}")
