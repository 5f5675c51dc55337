"""A check of Django's own, for `check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS, connections

from smartagent.adoption.preview.obstacles import SESSION, SHARED_SESSIONS
from smartagent.kernel.own_session import own_session
from smartagent.postgres.pooler import is_shared_between_transactions


def check_pool(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """What needs a session of the database gets one."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    with own_session():
        session: Any = connections[DEFAULT_DB_ALIAS]
        session.ensure_connection()
        shared = is_shared_between_transactions(session)
    return [Error(SHARED_SESSIONS, hint=SESSION, id="smartagent.E031")] if shared else []
