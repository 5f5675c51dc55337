"""Locks of the database that last as long as the transaction."""

from typing import Any

from django.db import connection


def wait_for_others(who: Any) -> None:
    """Wait until nobody else begins something for this person, and keep others waiting until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"optimizer.person {who}"])


def is_alone(where: str) -> bool:
    """Whether no other worker is at it; none will be until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"optimizer.{where}"])
        return bool(cursor.fetchone()[0])
