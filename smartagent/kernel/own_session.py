"""A session that is nobody else's, where DATABASE_URL leads through a pool in transaction mode."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


@contextmanager
def own_session() -> Iterator[None]:
    """Let the default connection of this thread be a session of its own for this block, for locks that outlive a
    transaction and for temporary tables. Within a transaction it stays as it is: so long the session is ours."""
    pooled: Any = connections[DEFAULT_DB_ALIAS]
    if pooled.in_atomic_block or not pooled.settings_dict.get("DIRECT"):
        yield
        return
    session = direct_connection()
    session.member = getattr(pooled, "member", None)
    connections[DEFAULT_DB_ALIAS] = session
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = pooled
        session.close()


def direct_connection() -> Any:
    """A connection of Django to the server itself, not yet open; the default one where nothing is in between."""
    pooled: Any = connections[DEFAULT_DB_ALIAS]
    direct = pooled.settings_dict.get("DIRECT")
    if not direct:
        return pooled
    return type(pooled)({**pooled.settings_dict, "DIRECT": None, **direct}, DEFAULT_DB_ALIAS)
