"""Each page and operation that can be read either logs that or is known to show nobody's records."""

from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator

from rules.models import ActivityEntry
from smartagent.kernel.reads import RECORDS_READ
from tests.smartagent.permissions.addresses import address_of
from tests.smartagent.permissions.conftest import callers as callers
from tests.smartagent.permissions.conftest import program as program
from tests.smartagent.permissions.conftest import things as things
from tests.smartagent.permissions.matrix import matrix

LISTED = Path(__file__).with_name("routes.txt")


def routes():
    """The routes below each of the two heads of the list."""
    found, head = {}, ""
    for line in LISTED.read_text().splitlines():
        if line.startswith("["):
            head = line.strip("[]")
        elif line.startswith("/"):
            found.setdefault(head, set()).add(line)
    return found["logged"], found["nobody's records"]


@pytest.mark.usefixtures("no_limits")
def test_every_route_that_shows_records_of_others_is_logged(callers, settings, monkeypatch):
    settings.LOG_READS = True
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *args, **how: {})
    auditor, read, unread = callers["auditor"], set(), set()
    for row, answers in matrix().items():
        if not row.startswith("GET ") or answers["auditor"] != "ok":
            continue
        seen = []
        auditor.call(row, address_of(row, auditor.things), None, lambda answer, seen=seen: seen.extend(entries()))
        (read if seen else unread).add(row.partition(" ")[2])
    logged, nobodys = routes()
    assert read - logged == set(), "new in the log: put them into the first list"
    assert unread - nobodys == set(), "not in the log: may they show somebody's records?"
    assert (logged, nobodys) == (read, unread), "routes that there are not"


def entries():
    return list(ActivityEntry.objects.filter(event_type=RECORDS_READ))
