"""Processes that died are in the activity log and in doctor's findings, with the cause."""

import signal
import sys

import pytest

from rules.models import ActivityEntry
from smartagent.doctor.processes import check_deaths
from smartagent.doctor.scheduler import check_failures
from smartagent.setup.process_deaths import PROCESS_ENDED, cause_of_death, keep_death
from smartagent.up.child import Child
from smartagent.up.supervisor import Supervisor


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "exit code 3"),
        (None, "exit code unknown"),
        (-signal.SIGSEGV, "killed by SIGSEGV"),
        (-signal.SIGKILL, "killed by SIGKILL, as the system does when memory runs out"),
        (-99, "killed by signal 99"),
    ],
)
def test_an_exit_code_in_words(code, words):
    assert cause_of_death(code) == words


@pytest.mark.django_db(transaction=True)
def test_it_is_recorded_and_found(now, client_of, olga):
    assert keep_death("worker", -9, tries=1)
    entry = ActivityEntry.objects.get(event_type=PROCESS_ENDED)
    assert (entry.status, entry.context["process"]) == ("failed", "worker")
    later = entry.created_at
    (finding,) = check_deaths(later)
    assert finding.problem.startswith("1 process ended unexpectedly in the last day; the last, ")
    assert "worker, killed by SIGKILL" in finding.problem
    assert not list(check_failures(later))
    page = client_of(olga).get("/activity/").content.decode()
    assert "worker ended unexpectedly: killed by SIGKILL" in page


def test_the_supervisor_tells_of_each_death(monkeypatch):
    deaths = []
    child = Child("web", [sys.executable, "-c", "raise SystemExit(3)"], lambda name, line: None)
    supervisor = Supervisor([child], lambda name, line: None, died=lambda *death: deaths.append(death))
    monkeypatch.setattr("smartagent.up.supervisor.MAX_RESTARTS", 2)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert supervisor.run(lambda: True) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert deaths == [("web", 3), ("web", 3)]
