"""The stream over HTTP: each entry once, whenever its transaction commits, also after the connection broke."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from rules.activity_stream import feed, response
from rules.activity_stream.position import Position
from rules.models import ActivityEntry
from smartagent.accounts.tokens import issue_token
from smartagent.models import APIToken, BrowserSession
from smartagent.rest.slots import Slots
from tests.databases import connection_of_its_own
from tests.entries import change_entries
from tests.rules.rule_cast import entry_of, rule_of, run_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(response, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(response, "KEEP_ALIVE_SECONDS", 0.3)
    monkeypatch.setattr(response, "MAX_SECONDS", 20.0)


class Events:
    """What a browser reads of the stream: blocks of fields."""

    def __init__(self, server, user, query="", last=None, token=""):
        client = Client()
        client.force_login(user)
        self.http = HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
        known = {"Authorization": f"Bearer {token}"} if token else {"Cookie": cookies}
        headers = known | {"Accept-Encoding": "gzip"} | ({"Last-Event-ID": last} if last else {})
        self.http.request("GET", f"/api/activity/stream/?{query}", headers=headers)
        self.answer = self.http.getresponse()

    def block(self):
        fields = {}
        while line := self.answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return fields

    def next_with(self, field):
        while field not in (block := self.block()):
            pass
        return block

    def event(self):
        return self.next_with("data")


@contextmanager
def reading(*args, **options) -> Iterator[Events]:
    events = Events(*args, **options)
    try:
        yield events
    finally:
        events.answer.close()
        events.http.close()


@contextmanager
def another_transaction():
    """Where an entry is written that is committed later."""
    mine, other = connection.connection, connection.copy()
    other.set_autocommit(False)
    try:
        yield other
        other.commit()
    finally:
        other.close()
        assert connection.connection is mine


def written_by(other, rule, created_at):
    with other.cursor() as cursor:
        cursor.execute(
            """INSERT INTO agent_activity_log (user_id, rule_id, event_type, action_taken, agent_name, created_at)
               VALUES (%s, %s, 'rule_resolved', 'none', 'smart_agent', %s) RETURNING id""",
            [rule.user_id, rule.pk, created_at],
        )
        return str(cursor.fetchone()[0])


def test_nothing_is_lost_or_repeated_though_transactions_commit_out_of_order(live_server, alice, bob):
    rule, now = rule_of(alice), timezone.now()
    entry_of(rule, now)  # before anybody listens
    with reading(live_server, alice) as events:
        assert (events.answer.status, events.answer.getheader("Content-Type")) == (200, "text/event-stream")
        assert (events.block(), events.block().keys()) == ({"retry": "2000"}, {"", "id"})
        with another_transaction() as slow:
            late = written_by(slow, rule, now - timedelta(minutes=4))
            entry_of(rule_of(bob), now)
            first = entry_of(rule, now)
            got = [events.event()]
            second = entry_of(rule, now)
            got.append(events.event())
        got.append(events.event())
        keep_alive = events.next_with("id")
    assert [json.loads(event["data"])["id"] for event in got] == [str(first.pk), str(second.pk), late]
    assert [event["event"] for event in got] == ["rule_fired", "rule_fired", "rule_resolved"]
    listed = Client()
    listed.force_login(alice)
    same = {"host": urlsplit(live_server.url).netloc}
    by_list = {each["id"]: each for each in listed.get("/api/activity/", headers=same).json()["results"]}
    for data in (json.loads(event["data"]) for event in got):
        assert by_list[data["id"]] == data
    last = entry_of(rule, now)
    for known, missing in (
        (got[0], [second, late, last]),
        (got[1], [late, last]),
        (got[2], [last]),
        (keep_alive, [last]),
    ):
        with reading(live_server, alice, last=known["id"]) as again:
            found = [json.loads(again.event()["data"])["id"] for _ in missing]
        assert sorted(found) == sorted(str(getattr(each, "pk", each)) for each in missing)


def test_filters_and_refusals_are_those_of_the_list_and_no_connection_is_held(live_server, alice, monkeypatch):
    rule, now = rule_of(alice), timezone.now()
    monkeypatch.setattr(response, "STREAM_SLOTS", Slots("streams", 1, retry_after=15))
    before = connections_in_use()  # that of the test itself, and what tests before have left
    with reading(live_server, alice, "event=rule_resolved&severity=high") as events:
        events.block()
        with reading(live_server, alice) as busy:
            assert (busy.answer.status, busy.answer.getheader("Retry-After")) == (503, "15")
        entry_of(rule, now)
        wanted = entry_of(rule, now, event_type="rule_resolved")
        assert json.loads(events.event()["data"])["id"] == str(wanted.pk)
        assert min(connections_in_use() for _ in range(200)) <= before
    client = Client()
    client.force_login(alice)
    for query in ("nowhere=1", "last_event_id=x", "event=none"):
        assert client.get(f"/api/activity/stream/?{query}").status_code == 400
    old = Position(now - timedelta(days=2), 1).encode()
    answer = client.get("/api/activity/stream/", headers={"Last-Event-ID": old})
    assert "older than a day" in answer.json()["last_event_id"][0]


def connections_in_use():
    time.sleep(0.005)
    stats = connection.pool.get_stats()
    return stats["pool_size"] - stats["pool_available"]


def ids_since(position):
    entries = ActivityEntry.objects.all()
    found = feed.look(entries, Position.decode(position.encode()))
    steps = list(feed.sent(entries, position, found))
    return [entry.pk for _, entry in steps], [behind for behind, _ in steps], found.end


def test_an_entry_with_an_action_comes_with_its_result_or_when_it_waits_too_long(alice):
    rule, now = rule_of(alice), timezone.now()
    run, begun = run_at(now), feed.newest()
    pending = entry_of(rule, now, run=run, status="pending")
    stuck = entry_of(rule, now - timedelta(minutes=5), run=run, status="pending")
    found, _, end = ids_since(begun)
    assert found == []
    ActivityEntry.objects.filter(pk=pending.pk).update(status="success")
    found, _, end = ids_since(end)
    assert found == [pending.pk]
    change_entries(ActivityEntry.objects.filter(pk=stuck.pk), created_at=now - feed.OVERLAP - timedelta(seconds=1))
    old = Position(now - timedelta(seconds=5), end.floor, end.sent)
    found, _, end = ids_since(old)
    assert found == [stuck.pk]
    assert ids_since(end)[0] == []


def test_each_position_of_many_entries_resumes_exactly_behind_it(alice, monkeypatch):
    rule, now, begun = rule_of(alice), timezone.now(), feed.newest()
    for _ in range(3):
        with transaction.atomic(), transaction.atomic():  # with a transaction inside it
            for _ in range(4):
                entry_of(rule, now)
    found, behind, _ = ids_since(begun)
    assert len(set(found)) == len(found) == 12
    for number, position in enumerate(behind, start=1):
        assert ids_since(position)[0] == found[number:]
    monkeypatch.setattr(feed, "LOOK_LIMIT", 5)
    assert all_since(begun)[0] == found


def all_since(position):
    """What comes in looks until nothing is new."""
    parts, some = [], True
    while some:
        some, _, position = ids_since(position)
        parts += some
    return parts, position


def test_a_transaction_of_another_database_holds_up_nothing(alice, monkeypatch):
    rule, now = rule_of(alice), timezone.now()
    with connection_of_its_own("postgres") as elsewhere, elsewhere.transaction():
        elsewhere.execute("SELECT pg_current_xact_id()")
        begun = feed.newest()
        monkeypatch.setattr(feed, "LOOK_LIMIT", 3)
        written = [entry_of(rule, now).pk for _ in range(8)]
        found, end = all_since(begun)
        assert found == written
        assert (end.sent, all_since(end)[0]) == (frozenset(), [])


def test_an_old_transaction_that_commits_late_holds_up_nothing_and_its_entries_come_once(alice, monkeypatch):
    rule, now = rule_of(alice), timezone.now()
    with another_transaction() as slow:
        late = [written_by(slow, rule, now)]
        point = slow.savepoint()
        late.append(written_by(slow, rule, now))  # under the number of the savepoint, which no snapshot lists
        begun = feed.newest()
        monkeypatch.setattr(feed, "LOOK_LIMIT", 3)
        written = [entry_of(rule, now).pk for _ in range(8)]
        found, behind = all_since(begun)
        assert found == written
        assert ids_since(begun)[1][1].sent  # also in the midst of them
        late.append(written_by(slow, rule, now))
        slow.savepoint_commit(point)
    last = entry_of(rule, now).pk
    found, end = all_since(behind)
    assert ({str(key) for key in found[:-1]}, found[-1], end.sent) == (set(late), last, frozenset())
    assert len(found) == 4


@pytest.mark.parametrize("by_token", [False, True])
def test_a_stream_ends_with_its_session_or_token(live_server, alice, by_token):
    rule = rule_of(alice)
    token = issue_token(alice, "program")[1] if by_token else ""
    with reading(live_server, alice, token=token) as events:
        entry_of(rule, timezone.now())
        assert events.event()
        (APIToken if by_token else BrowserSession).objects.filter(user=alice).delete()
        begun = time.monotonic()
        while events.answer.readline():
            pass
        assert time.monotonic() - begun < 5
