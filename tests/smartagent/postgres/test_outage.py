"""A database that was away for a while is used again as soon as it is back."""

import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.db.utils import DatabaseError

from smartagent.bench.faults.database import Database
from smartagent.postgres.base import DatabaseWrapper
from smartagent.postgres.config import database

AWAY_SECONDS = 8  # after 1, 3 and 7 seconds a patient pool would have tried, and again after 15


@pytest.fixture
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outage")
    for each in (folder, folder.parent):
        each.chmod(0o755)
    server = Database(folder / "postgres")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.home.folder)  # where root's server lies elsewhere


def connected(server):
    settings = database(server.url, Path("/nonexistent"))
    defaults = {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "TEST": {}}
    wrapper = DatabaseWrapper(settings | defaults, alias="outage")
    wrapper.connect()
    return wrapper


@pytest.mark.django_db
def test_who_connects_after_an_outage_waits_no_longer_than_it_takes(server):
    connected(server).close()
    server.kill()

    def waits():
        with suppress(DatabaseError):
            connected(server).close()

    waiting = threading.Thread(target=waits, daemon=True)
    waiting.start()
    time.sleep(AWAY_SECONDS)
    server.start()
    began = time.monotonic()
    try:
        connected(server).close()
        assert time.monotonic() - began < 3
    finally:
        waiting.join()
        DatabaseWrapper._connection_pools.pop("outage").close()
