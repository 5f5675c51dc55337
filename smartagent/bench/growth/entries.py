"""Entries of the activity log, of ninety days: pages over them, the chain, and the table."""

from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from rules.audit.sealing import seal
from rules.audit.verification import Verifier
from smartagent.bench.activity_rows import ADMIN_EMAIL, make_activity
from smartagent.bench.growth.sizes import Measured, bytes_of, seconds_of
from smartagent.bench.pages import facts_of_data, milliseconds
from smartagent.bench.scratch import scratch_database

PAGES = {
    "activity, newest": "/activity/", "activity of a person": "/activity/?person={person}",
    "search of a rare word": "/activity/?search=timeouterror",
    "histogram and facets, 30 days": "/activity/summary/?within=30d", "overview": "/",
}  # fmt: skip
CHAIN_TABLES = ("audit_links", "audit_batches", "audit_unsealed")


def measure_entries(size: int) -> Measured:
    """So many entries in a database of their own."""
    with scratch_database(), override_settings(ALLOWED_HOSTS=["*"]):
        now = timezone.now()
        make_activity(size, now, durable=True)
        return _pages() | _chain(now) | {("entries on disk", "bytes"): bytes_of("agent_activity_log")}


def _pages() -> Measured:
    client = Client()
    client.force_login(get_user_model().objects.get(email=ADMIN_EMAIL))
    facts = facts_of_data()
    return {(name, "ms"): milliseconds(client, address.format(**facts)) for name, address in PAGES.items()}


def _chain(now: datetime) -> Measured:
    sealing = seconds_of(lambda: seal(now, waits=True), rounds=1)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {
        ("sealing all entries", "s"): sealing,
        ("audit verify", "s"): seconds_of(lambda: Verifier().run(), rounds=1),
        ("chain on disk", "bytes"): bytes_of(*CHAIN_TABLES),
    }  # fmt: skip
