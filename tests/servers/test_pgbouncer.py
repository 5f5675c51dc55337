"""Everything works through PgBouncer in transaction mode, and nothing of one person's request reaches another's."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from notifications.delivery.worker import deliver
from notifications.models import Delivery
from rules.activity_stream import response as activity_stream
from rules.evaluation.dispatcher import EVALUATION_LOCK, dispatch
from rules.models import DispatchRun, MetricSample
from rules.models.querysets import RunQuerySet, SilenceQuerySet
from smartagent.accounts.tokens import issue_token
from smartagent.adoption.checks import check_pool
from smartagent.adoption.preview.obstacles import SESSION, find_obstacles
from smartagent.kernel import scope
from smartagent.kernel.member_role import as_owner, keep_to, leave
from smartagent.kernel.own_session import own_session
from smartagent.kernel.scope import OwnedQuerySet
from smartagent.kernel.session_lock import alone
from smartagent.models import User
from smartagent.postgres.pooler import is_shared_between_transactions
from tests.conftest import PASSWORD
from tests.rules.rule_cast import rule_of
from tests.servers.pgbouncer import through_pgbouncer

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ("/api/rules/", "/api/activity/", "/api/samples/", "/api/states/", "/api/notifications/", "/rules/",
         "/activity/", "/firing/", "/api/activity/export/?format=csv")  # fmt: skip
ROUNDS = 4


@pytest.fixture
def pooled(alice, bob, olga, tmp_path):
    """One session of the server for everybody; with two of them, who asks is told from who asked before less surely."""
    with through_pgbouncer(tmp_path, sessions=1) as port:
        yield port


@pytest.fixture
def names(alice, bob):
    """What each of them has, by a name that tells it."""
    moment = timezone.now()
    for person in (alice, bob):
        name = f"zx9-of-{person.full_name.lower()}"
        rule_of(person, rule_name=name, metric_type=name, condition_operator=">", threshold_value=1)
        MetricSample.objects.push(user=person, metric=name, value=7, observed_at=moment - timedelta(minutes=1))
    return {"zx9-of-alice", "zx9-of-bob"}


@pytest.fixture
def unscoped(monkeypatch):
    """Every queryset gives everybody everything: only the wall in the database is left."""
    monkeypatch.setattr(OwnedQuerySet, "_scoped", lambda self, user, access: self)
    for queryset in (SilenceQuerySet, RunQuerySet):
        monkeypatch.setattr(queryset, "visible_to", lambda self, user: self)
    monkeypatch.setattr(scope, "people_visible_to", lambda user: scope.get_user_model().objects.all())


def body_of(answer) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")


def seen_by(user, names, headers=None):
    """The names that the pages show in a thread with a connection of its own, and how many pages were whole."""
    try:
        client, shown, whole = Client(headers=headers or {}), set(), 0
        if not headers:
            client.force_login(user)
        for _ in range(ROUNDS):
            for page in PAGES:
                answer = client.get(page)
                text = body_of(answer)
                shown |= {name for name in names if name in text}
                whole += answer.status_code == 200
        return shown, whole
    finally:
        connections.close_all()


@pytest.mark.usefixtures("unscoped", "pooled")
def test_no_person_sees_rows_of_another_whatever_sessions_they_share(alice, bob, olga, names):
    dispatch(timezone.now(), "schedule")
    _, token = issue_token(alice, "program")
    asked = [(alice, None), (bob, None), (olga, None), (alice, {"Authorization": f"Bearer {token}"}), (olga, None)]
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda each: seen_by(each[0], names, each[1]), asked))
    of_alice, of_bob, of_olga, of_token, of_olga_too = answers
    assert of_alice == ({"zx9-of-alice"}, ROUNDS * len(PAGES))
    assert of_bob == ({"zx9-of-bob"}, ROUNDS * len(PAGES))
    assert of_olga == of_olga_too == (names, ROUNDS * len(PAGES))
    assert of_token[0] == {"zx9-of-alice"}
    with connection.cursor() as cursor:  # the one session of the server, as the next one finds it
        cursor.execute("SELECT current_user = session_user, coalesce(current_setting('smartagent.person', true), '')")
        assert cursor.fetchone() == (True, "")


def test_the_role_lasts_as_long_as_a_statement_or_its_transaction(alice, bob, pooled, names):
    with psycopg.connect(host="127.0.0.1", port=pooled, user="any", dbname=connection.settings_dict["NAME"],
                         autocommit=True) as stranger:  # fmt: skip

        def people(session=connection):
            if session is stranger:
                return session.execute("SELECT count(*) FROM smartagent_users").fetchone()[0]
            return User.objects.count()

        def rows_by_copy():
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY (SELECT email FROM smartagent_users) TO STDOUT") as copy,
            ):
                return len(list(copy.rows()))

        everybody = people()
        keep_to(alice.pk)
        try:
            assert (people(), people(stranger)) == (1, everybody)
            assert rows_by_copy() == 1
            assert len(list(User.objects.iterator())) == 1  # no cursor outlives its transaction
            assert people(stranger) == everybody
            with as_owner():
                assert (people(), rows_by_copy()) == (everybody, everybody)
            with transaction.atomic():
                assert (people(), rows_by_copy(), len(list(User.objects.iterator()))) == (1, 1, 1)
                with as_owner():
                    assert (people(), rows_by_copy(), len(list(User.objects.iterator()))) == (everybody,) * 3
                    with pytest.raises(ZeroDivisionError), transaction.atomic():
                        raise ZeroDivisionError
                assert people() == 1
                with transaction.atomic(), as_owner():
                    people()
                    transaction.set_rollback(True)
                assert people() == 1
            with connection.cursor() as cursor:
                cursor.executemany(
                    "SELECT count(*) FROM smartagent_users WHERE %s",
                    [[True], [True]],
                )
            with own_session():
                assert people() == 1
            assert (people(), people(stranger)) == (1, everybody)
        finally:
            leave()
        assert (people(), people(stranger)) == (everybody, everybody)


def test_a_session_evaluates_and_pages_that_wait_for_nobody_go_on(alice, bob, olga, pooled, names, monkeypatch):
    now = timezone.now()
    browser = Client()
    browser.post("/login/", {"username": "alice@example.com", "password": PASSWORD, "next": "/"})
    assert "zx9-of-alice" in browser.get("/api/rules/").content.decode()
    assert browser.post("/dispatch/").status_code == 302
    run = dispatch(now, "schedule")
    assert (run.outcome, run.error_message) == (DispatchRun.Outcome.COMPLETED, None)
    with own_session(), connection.cursor() as cursor:  # nobody else's evaluation begins meanwhile
        cursor.execute("SELECT pg_advisory_lock(%s)", [EVALUATION_LOCK])
        others = []
        thread = threading.Thread(target=lambda: others.append(_evaluated()))
        thread.start()
        thread.join()
        assert others == [DispatchRun.Outcome.OVERLAPPED]
        cursor.execute("SELECT pg_advisory_unlock(%s)", [EVALUATION_LOCK])  # the end of a session takes its time
    with alone(EVALUATION_LOCK) as free:
        assert free
    assert dispatch(timezone.now(), "schedule").outcome == DispatchRun.Outcome.COMPLETED

    assert deliver(timezone.now()) >= 0
    assert not Delivery.objects.filter(status="pending").exists()
    client = Client()
    client.force_login(alice)
    for export in ("/api/activity/export/?format=csv", "/api/activity/export/?format=ndjson"):
        text = body_of(client.get(export))
        assert "zx9-of-alice" in text
        assert "zx9-of-bob" not in text
    monkeypatch.setattr(activity_stream, "MAX_SECONDS", 0.5)
    stream = client.get("/api/activity/stream/")
    assert stream.status_code == 200
    assert b"retry" in b"".join(stream.streaming_content)


def _evaluated():
    try:
        return dispatch(timezone.now(), "schedule").outcome
    finally:
        connections.close_all()


def test_a_pool_is_noticed_where_the_server_itself_is_not_named(alice, pooled):
    connection.ensure_connection()
    assert is_shared_between_transactions(connection)
    assert SESSION in {each.fix for each in find_obstacles(connection)}
    assert check_pool(None, ["default"]) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "DIRECT", None)
        assert [each.hint for each in check_pool(None, ["default"])] == [SESSION]
    with own_session():
        assert SESSION not in {each.fix for each in find_obstacles(connection)}
