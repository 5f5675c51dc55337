"""Evaluations that are late are said on every page, and by the doctor to cron."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rules.models import DispatchRun
from smartagent.models import User
from smartagent.templatetags.evaluation_banner import EvaluationMemory
from tests.rules.rule_cast import run_at
from tests.smartagent.doctor.conftest import doctor

MINUTE = timedelta(minutes=1)
SAID = "Rules are not evaluated: the last scheduled evaluation ended"


def test_every_page_says_so(client_of: Callable[[User], Client], ada: User, alice: User) -> None:
    now, client = timezone.now(), client_of(ada)
    assert SAID not in client.get("/rules/").content.decode()
    run_at(now - 11 * MINUTE)
    EvaluationMemory.forget()
    assert SAID not in client.get("/rules/").content.decode()
    DispatchRun.objects.update(finished_at=now - 13 * MINUTE)
    EvaluationMemory.forget()
    run_at(now, trigger="page")  # by hand: nobody knows whether the next comes
    for page in ("/", "/rules/", "/channels/", "/activity/", "/docs/", "/schema/", "/no-such-page/"):
        shown = client.get(page).content.decode()
        assert SAID in shown, page
        assert 'href="/docs/reliability/#evaluations-are-late"' in shown
    shown = client_of(alice).get("/rules/").content.decode()
    assert SAID in shown
    assert "#evaluations-are-late" not in shown
    assert SAID not in Client().get("/login/").content.decode()
    with CaptureQueriesContext(connection) as asked:
        client.get("/rules/")
    assert sum('FROM "dispatch_runs"' in each["sql"] for each in asked) == 0  # remembered


@pytest.mark.usefixtures("db")
def test_the_doctor_says_only_what_is_wrong() -> None:
    now = timezone.now()
    run_at(now - 3 * MINUTE, finished_at=now - 3 * MINUTE, error_message="One rule.")  # a warning
    assert doctor(quiet=True) == (0, "")
    DispatchRun.objects.update(finished_at=now - 20 * MINUTE)
    code, text = doctor(quiet=True)
    assert (code, text.count("ERROR")) == (1, 1)
    assert "The last scheduled evaluation ended 20m ago." in text
    assert "WARNING" not in text
