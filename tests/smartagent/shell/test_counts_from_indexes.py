"""What pages count of one person is read from indexes: the rows of one lie between those of all others, so that each
would be another page of the table, which pushes what everybody needs out of the memory of PostgreSQL."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from unfold.templatetags import unfold_list

from notifications.models import Notification
from rules.models import ActivityEntry
from smartagent.models import User
from tests.notifications.inbox_cast import notification_for
from tests.rules.rule_cast import rule_of

ENTRIES = """
INSERT INTO agent_activity_log (id, user_id, agent_name, event_type, action_taken, status, created_at)
SELECT gen_random_uuid(), u.id, 'rules', 'rule_fired', 'Fired', 'success', now() - n * interval '5 minutes'
  FROM generate_series(1, 200) n, smartagent_users u"""
FEW_ROWS = ("grouping(", "'failed'")  # the facets read a bounded number of rows, failed actions have an index of theirs


@pytest.fixture
def entries_of_many(alice):
    User.objects.bulk_create(User(email=f"{number}@example.com") for number in range(30))
    with connection.cursor() as cursor:
        cursor.execute(f"{ENTRIES}; ANALYZE agent_activity_log")


@pytest.fixture
def only_by_index(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")


def plans(client, address, model):
    """The plan of each query of a page that counts rows of the table, by query."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    table = model._meta.db_table
    counts = [
        query["sql"]
        for query in queries
        if f'FROM "{table}"' in query["sql"]
        and "count(" in query["sql"].lower()
        and not any(each in query["sql"] for each in FEW_ROWS)
    ]
    with connection.cursor() as cursor:
        found = {}
        for sql in counts:
            cursor.execute(f"EXPLAIN (COSTS OFF) {sql}")
            found[sql] = "\n".join(line for (line,) in cursor.fetchall())
    return found


@pytest.mark.parametrize(
    ("address", "model", "least"),
    [
        ("/notifications/", Notification, 3),  # the list, what has returned from a snooze, the badge
        ("/", Notification, 2),  # the card, the badge
        ("/", ActivityEntry, 2),  # what fired, the rules that fire most
        ("/activity/", ActivityEntry, 2),  # the list, the chart
        ("/activity/?within=24h", ActivityEntry, 2),
    ],
)
def test_what_is_counted_of_one_person_is_in_an_index(
    client_of, alice, entries_of_many, only_by_index, address, model, least
):
    rule_of(alice)
    found = plans(client_of(alice), address, model)
    assert len(found) >= least
    for sql, plan in found.items():
        assert "Index Only Scan" in plan, f"{sql}\n{plan}"
        assert "Index Scan" not in plan, f"{sql}\n{plan}"


def test_the_headers_of_a_list_are_made_once(client_of, alice, monkeypatch):
    for _ in range(5):
        notification_for(alice)
    made = []
    make = unfold_list.result_headers.make
    monkeypatch.setattr(unfold_list.result_headers, "make", lambda changes: made.append(changes) or make(changes))
    page = client_of(alice).get("/notifications/").content.decode()
    assert page.lower().count('data-label="severity"') == 5
    assert len(made) == 1
