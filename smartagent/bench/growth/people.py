"""People, each with a score: their list, the search of one, and the tables."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from smartagent.bench.growth.sizes import Measured, bytes_of, seconds_of
from smartagent.bench.pages import get
from smartagent.bench.people import INSERT_PEOPLE, make_people
from smartagent.bench.scratch import scratch_database

SCORES_SQL = """
INSERT INTO fusion_scores (user_id, fusion_score, calculated_at)
SELECT id, 50, now() - interval '1 minute' FROM smartagent_users"""
PEOPLE_TABLES = ("smartagent_users", "fusion_scores", "integrations")
INTEGRATIONS = next(sql for sql in INSERT_PEOPLE if "INTO integrations" in sql)


def measure_people(size: int) -> Measured:
    """So many people in a database of their own."""
    with scratch_database(), override_settings(ALLOWED_HOSTS=["*"]):
        person = make_people(size)
        with connection.cursor() as cursor:
            for statement in (SCORES_SQL, INTEGRATIONS, "VACUUM ANALYZE"):
                cursor.execute(statement)
        client = Client()
        client.force_login(get_user_model().objects.create_superuser("ada@example.com", None))
        pages = {"list of people": "/people/", "search of a person": "/people/?q=person77",
                 "page of a person": f"/people/{person}/", "overview": "/"}  # fmt: skip
        return {(name, "ms"): _milliseconds(client, address) for name, address in pages.items()} | {
            ("people, scores and integrations on disk", "bytes"): bytes_of(*PEOPLE_TABLES)
        }


def _milliseconds(client: Client, address: str) -> float:
    get(client, address)  # which warms up
    return 1000 * seconds_of(lambda: client.get(address, secure=settings.HTTPS))
