"""The processes of an installation through PgBouncer in transaction mode: messages, a kill in the middle, pages."""

import http.cookiejar
import re
import signal
import urllib.parse
import urllib.request

import pytest
from django.utils import timezone

from notifications.models import Delivery
from rules.models import DispatchRun
from smartagent.bench.deliver import make_deliveries, wait_until_settled
from smartagent.bench.delivery_workers import WORKER_SETTINGS
from smartagent.bench.receiver import receiving
from tests.conftest import PASSWORD
from tests.roles import database_url, role, until
from tests.rules.rule_cast import entry_of, rule_of
from tests.servers.pgbouncer import through_pgbouncer
from tests.servers.process import answers, free_port

COUNT, AT_A_TIME, LATENCY, SESSIONS = 200, 8, 50, 4


@pytest.fixture
def audras_password(audra, settings):
    """Hashed as the processes do it."""
    settings.PASSWORD_HASHERS = [name for name in settings.PASSWORD_HASHERS if "MD5" not in name]
    audra.set_password(PASSWORD)
    audra.save()


def signed_in(address):
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{address}/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(.+?)"', page)[1]
    form = {"csrfmiddlewaretoken": token, "username": "audra@example.com", "password": PASSWORD, "next": "/rules/"}
    return browser, browser.open(f"{address}/login/", urllib.parse.urlencode(form).encode()).read().decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("audras_password")
def test_each_role_works_through_a_pool_and_a_killed_one_loses_nothing(alice, tmp_path):
    entry_of(rule_of(alice, rule_name="zx9-of-alice"), timezone.now())
    port, direct = free_port(), database_url()
    with through_pgbouncer(tmp_path, SESSIONS), receiving(LATENCY) as receiver:
        known = {"DATABASE_URL": database_url(), "DATABASE_DIRECT_URL": direct, **WORKER_SETTINGS}
        make_deliveries(COUNT, receiver.address, timezone.now())
        sent = {str(key) for key in Delivery.objects.unsettled().values_list("pk", flat=True)}
        assert len(sent) > COUNT // 2  # some want none of this kind
        delivering = {**known, "DELIVERY_CONCURRENCY": str(AT_A_TIME)}
        with (
            role(tmp_path, "evaluate", EVALUATE_EVERY_SECONDS="15", **known) as evaluator,
            role(tmp_path, "web", "--port", str(port), **known) as web,
        ):
            with role(tmp_path, "deliver", "--lease", "2", **delivering) as first:
                first.until(lambda: receiver.total() > COUNT // 4)
                first.kill()
            assert Delivery.objects.unsettled().exists()
            with role(tmp_path, "deliver", "--lease", "2", **delivering) as second:
                wait_until_settled(receiver)
                assert second.ends_by(signal.SIGTERM, second.family()) == 0
            counts = receiver.counts()
            assert counts.keys() == sent  # every one arrived, a repeat with the id of the first
            assert max(counts.values()) <= 2
            settled = Delivery.objects.filter(pk__in=sent).values_list("status", "leased_until")
            assert set(settled) == {("delivered", None)}

            evaluator.until(DispatchRun.objects.filter(outcome=DispatchRun.Outcome.COMPLETED).exists)
            assert evaluator.ends_by(signal.SIGTERM, evaluator.family()) == 0
            address = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{address}/healthz"), 60, web.output)
            browser, page = signed_in(address)
            assert "zx9-of-alice" in page
            export = browser.open(f"{address}/api/activity/export/?format=csv").read().decode()
            assert "zx9-of-alice" in export
            assert web.ends_by(signal.SIGTERM, web.family()) == 0
            for process in (evaluator, web):
                assert "Traceback" not in process.output()
