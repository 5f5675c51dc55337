"""The heartbeat, against a receiver on loopback that answers as Healthchecks does."""

import re
import time
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from rules import tasks
from rules.evaluation import dispatcher, heartbeat
from rules.evaluation.heartbeat import HEARTBEAT_SECONDS
from rules.models import ActivityEntry, DispatchRun
from rules.text.entry import entry_in_words
from smartagent.doctor.scheduler import check_heartbeat
from tests.receivers import raw_server
from tests.smartagent.doctor.test_clockwork import found_problems

CHECK = str(uuid4())


class Receiver:
    """`/ping/UUID` and `/ping/UUID/fail`, for the checks that it knows."""

    def __init__(self, server: HTTPServer) -> None:
        self.checks = {CHECK}
        self.pings: list[str] = []
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        _, _, check, *kind = request.path.split("/")
        if kind not in ([], ["fail"]) or request.query_string:
            return Response("invalid url format", status=400)
        if check not in self.checks:
            return Response("not found", status=404)
        self.pings += kind or ["success"]
        return Response("OK")


@pytest.fixture
def receiver(db: None, httpserver: HTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    settings.HEARTBEAT_SECRET_URL = httpserver.url_for(f"/ping/{CHECK}")
    return Receiver(httpserver)


def logged() -> list[str]:
    entries = ActivityEntry.objects.filter(event_type__startswith="heartbeat").order_by("created_at")
    assert not any(CHECK in f"{entry.context} {entry.error_message}" for entry in entries)
    return [entry_in_words(entry) for entry in entries]


def fail(*args: object) -> None:
    raise RuntimeError("no room")


def test_each_completed_evaluation_beats(receiver: Receiver) -> None:
    tasks.tick()
    call_command("dispatch")
    assert receiver.pings == ["success"] * 2
    dispatcher.dispatch(timezone.now(), DispatchRun.Trigger.PAGE)  # somebody looked: the schedule may be dead
    call_command("dispatch", at="2026-03-02T10:00:00")
    assert (len(receiver.pings), logged()) == (2, [])


def test_a_failed_evaluation_does_not_beat(receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_evaluate", fail)
    with pytest.raises(RuntimeError):
        tasks.tick()
    assert receiver.pings == []
    settings.HEARTBEAT_FAILURES = True
    with pytest.raises(RuntimeError):
        tasks.tick()
    assert receiver.pings == ["fail"]


def test_one_that_is_skipped_does_not_beat(receiver: Receiver, another_dispatcher: None) -> None:
    assert tasks.tick().startswith("overlapped")
    assert receiver.pings == []


def evaluate() -> DispatchRun:
    return heartbeat.evaluate_with_heartbeat(timezone.now(), DispatchRun.Trigger.SCHEDULE)


def test_a_failure_is_logged_once_and_so_is_its_end(receiver: Receiver, settings: Any) -> None:
    receiver.checks.clear()
    assert [evaluate().outcome for _ in range(3)] == ["completed"] * 3
    began = "The heartbeat to HEARTBEAT_URL began to fail: localhost answered 404."
    assert logged() == [began]
    assert found_problems(check_heartbeat(timezone.now())) == [
        ("warning", "Heartbeats have failed for 1m: localhost answered 404.")
    ]
    receiver.checks.add(CHECK)
    evaluate()
    evaluate()
    assert logged() == [began, "The heartbeat to HEARTBEAT_URL succeeds again."]
    assert found_problems(check_heartbeat(timezone.now())) == []
    settings.OUTBOUND_ALLOWED = []
    evaluate()
    assert len(receiver.pings) == 2
    assert len(logged()) == 3
    settings.HEARTBEAT_SECRET_URL = ""
    assert found_problems(check_heartbeat(timezone.now())) == []


def test_neither_silence_nor_nonsense_stops_an_evaluation(
    receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HEARTBEAT_SECONDS < 10
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.3)
    with raw_server(lambda connection: time.sleep(1)) as address:
        settings.HEARTBEAT_SECRET_URL = f"{address}ping/{CHECK}"
        assert evaluate().outcome == "completed"
    for url in (f"ping/{CHECK}", f"http://u:{CHECK}@127.0.0.1/", f"http://127.0.0.1:99999/{CHECK}", f"http://[{CHECK}"):
        settings.HEARTBEAT_SECRET_URL = url
        assert evaluate().outcome == "completed"
    assert len(logged()) == 1
    monkeypatch.setattr(heartbeat, "_record_change", fail)
    assert evaluate().outcome == "completed"
