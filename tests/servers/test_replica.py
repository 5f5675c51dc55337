"""Lists are read from a real streaming replica while it is near; nobody sees more there than on the primary."""

import re
import time

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.evaluation.replica_lag import ReplicaWatch
from rules.models.querysets import RunQuerySet
from smartagent.accounts.tokens import issue_token
from smartagent.doctor.server import check_replica
from smartagent.kernel import replica, scope
from smartagent.kernel.scope import OwnedQuerySet
from smartagent.monitoring.database_metrics import DatabaseCollector
from smartagent.shell.replica_reads import LAG_HEADER, WROTE_COOKIE
from tests.rules.rule_cast import entry_of, rule_of
from tests.servers.replica import streaming_replica

pytestmark = pytest.mark.django_db(transaction=True)


def body_of(answer) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")


def ready():
    answer = Client().get("/readyz")
    return answer.json()["status"], answer.status_code, answer.json()["checks"]["replica"]["output"]


def gauges():
    return {family.name: family.samples[0].value for family in DatabaseCollector(None).collect() if family.samples}


def test_pages_are_read_from_the_replica_while_it_is_near_and_from_the_primary_else(
    alice, bob, olga, client_of, settings, monkeypatch
):
    for person in (alice, bob):
        entry_of(rule_of(person, rule_name=f"zx9-of-{person.full_name.lower()}"), timezone.now())
    of_alice, of_olga = client_of(alice), client_of(olga)
    pages = ("/activity/", "/api/activity/", "/api/activity/export/?format=csv")
    with streaming_replica() as standby:
        standby.catch_up()
        with monkeypatch.context() as patch:  # only the wall in the database is left, in the replica as well
            patch.setattr(OwnedQuerySet, "_scoped", lambda self, user, access: self)
            patch.setattr(RunQuerySet, "visible_to", lambda self, user: self)
            patch.setattr(scope, "people_visible_to", lambda user: scope.get_user_model().objects.all())
            for page in pages * 2:
                own = of_alice.get(page)
                text = body_of(own)
                every = of_olga.get(page)
                assert LAG_HEADER in own, page
                assert "zx9-of-alice" in text
                assert "zx9-of-bob" not in text
                assert LAG_HEADER in every
                assert "zx9-of-bob" in body_of(every)
        assert list(check_replica()) == []
        status, code, said = ready()
        assert (status, code) == ("pass", 200)
        assert re.fullmatch(r"Pages are read from the replica, which is \d s behind\.", said)
        assert gauges()["smartagent_replica_usable"] == 1

        watch = ReplicaWatch()
        assert watch.look(timezone.now())

        # What decides is read from the primary, and so is what follows a change of one's own.
        assert LAG_HEADER not in of_alice.get("/api/rules/")
        assert LAG_HEADER not in of_alice.get("/api/activity/stream/")
        _, token = issue_token(alice, "program")
        assert LAG_HEADER not in Client(headers={"Authorization": f"Bearer {token}"}).get("/api/activity/")
        standby.session.execute("SELECT pg_wal_replay_pause()")
        dispatch(timezone.now(), "schedule")
        changed = of_alice.post("/api/silences/", {}, content_type="application/json")
        assert WROTE_COOKIE in changed.cookies
        assert LAG_HEADER not in of_alice.get("/api/activity/")

        # The replica stands still: pages say so, until it is too far behind.
        entry_of(rule_of(bob, rule_name="zx9-later"), timezone.now())
        time.sleep(1.1)
        behind = of_olga.get("/api/activity/")
        assert LAG_HEADER in behind
        assert "zx9-later" not in body_of(behind)
        time.sleep(4.5)
        assert re.search(r"As of \ds ago: the database replica", body_of(of_olga.get("/activity/")))
        assert gauges()["smartagent_replica_lag_seconds"] > 5
        settings.REPLICA_MAX_LAG_SECONDS = 3
        replica._Looks.until = 0.0
        near = of_olga.get("/api/activity/")
        assert LAG_HEADER not in near
        assert "zx9-later" in body_of(near)
        [finding] = check_replica()
        assert "s behind, more than REPLICA_MAX_LAG_SECONDS" in finding.problem
        assert watch.look(timezone.now()) is False
        assert "s behind, more than REPLICA_MAX_LAG_SECONDS" in body_of(of_olga.get("/activity/"))

        standby.kill()
        assert "zx9-later" in body_of(of_olga.get("/activity/"))
        [finding] = check_replica()
        assert "It does not answer" in finding.problem
        status, code, said = ready()
        assert (status, code) == ("warn", 200)
        assert said.startswith("Pages are read from the primary. It does not answer")
        assert gauges()["smartagent_replica_usable"] == 0
        # It ended since the last look: the primary answers.
        of_olga.raise_request_exception = False
        monkeypatch.setattr(replica, "_look", lambda: replica.ReplicaState(0.0))
        replica.forget()
        assert "zx9-later" in body_of(of_olga.get("/api/activity/"))
    assert connection.settings_dict.get("REPLICA") is None
