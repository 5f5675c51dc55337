"""What is costly is limited per person, in words; what is kept in memory is bounded."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import Silence
from rules.silences.recurrence import occurrences
from smartagent.kernel import limits
from smartagent.kernel.bounded_cache import bounded_cache
from smartagent.kernel.request_rates import REQUEST_RATES
from smartagent.models import User
from smartagent.shell.time_zone_field import zone_names
from tests.api import Program

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: Any) -> None:
    REQUEST_RATES.clear()
    monkeypatch.setattr(limits.time, "time", lambda: 1_772_445_600.0)


def _silence(**fields: Any) -> dict[str, Any]:
    now = timezone.now()
    return {"comment": "Why", "metric": "cpu", "ends_at": (now + HOUR).isoformat()} | fields


def test_previews_are_limited_per_person_by_rest(alice: User, bob: User, settings: Any) -> None:
    settings.LIMITS_PER_MINUTE = settings.LIMITS_PER_MINUTE | {"previews": 2}
    for _ in range(2):
        Program(alice).post("silences/preview/", _silence())
    answer = Program(alice).post("silences/preview/", _silence(), status=429)
    assert "60 seconds" in answer["detail"][0]
    Program(bob).post("silences/preview/", _silence())


@pytest.mark.parametrize(
    "name", ["rules_automationrule_trial", "rules_automationrule_preview", "rules_silence_preview"]
)
def test_previews_are_limited_per_person_on_pages(client_of: Any, alice: User, settings: Any, name: str) -> None:
    settings.LIMITS_PER_MINUTE = settings.LIMITS_PER_MINUTE | {"previews": 1}
    client = client_of(alice)
    assert client.post(reverse(f"admin:{name}"), {}).status_code == 200
    refused = client.post(reverse(f"admin:{name}"), {})
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    assert "Try again in 60 seconds" in refused.content.decode()


def test_a_preview_of_a_page_that_is_loaded_anew_is_limited_too(client_of: Any, alice: User, settings: Any) -> None:
    settings.LIMITS_PER_MINUTE = settings.LIMITS_PER_MINUTE | {"previews": 1}
    client, address = client_of(alice), reverse("admin:rules_automationrule_add")
    assert [client.post(address, {"_preview": "1"}).status_code for _ in range(2)] == [200, 429]
    assert client.post(address, {"_publish": "1"}).status_code == 200


def test_silences_are_limited_in_a_minute_on_pages(client_of: Any, alice: User, settings: Any) -> None:
    settings.LIMITS_PER_MINUTE = settings.LIMITS_PER_MINUTE | {"silences": 1}
    client, address = client_of(alice), reverse("admin:rules_silence_add")
    assert [client.post(address, {"comment": "Why"}).status_code for _ in range(2)] == [200, 429]


def test_the_palette_is_limited_per_person(client_of: Any, alice: User, settings: Any) -> None:
    settings.LIMITS_PER_MINUTE = settings.LIMITS_PER_MINUTE | {"searches": 1}
    client, address = client_of(alice), reverse("admin:search")
    assert [client.get(address, {"s": "a"}).status_code for _ in range(2)] == [200, 429]


def test_silences_are_limited_in_number_and_in_a_minute(alice: User, settings: Any) -> None:
    settings.SILENCES_PER_PERSON = 2
    program = Program(alice)
    for _ in range(2):
        program.post("silences/", _silence(), status=201)
    assert "which is the limit" in program.post("silences/", _silence(), status=400)["detail"][0]
    settings.LIMITS_PER_MINUTE = settings.LIMITS_PER_MINUTE | {"silences": 3}
    program.post("silences/", _silence(), status=429)
    assert Silence.objects.count() == 2


@pytest.mark.parametrize(
    "labels", [{"team": "x" * 1_000_000}, {"x" * 1_000_000: "db"}, {f"l{n}": "" for n in range(21)}]
)
def test_labels_of_a_silence_are_limited(alice: User, labels: dict[str, str]) -> None:
    assert "labels" in Program(alice).post("silences/", _silence(labels=labels), status=400)


@pytest.mark.parametrize(
    "zone", ["localtime", "Factory", "posix/Europe/Berlin", "right/UTC", "../UTC", "/etc/localtime", "x" * 9_999]
)
def test_zones_that_differ_from_machine_to_machine_are_refused(alice: User, zone: str) -> None:
    assert "time_zone" in Program(alice).post("silences/", _silence(time_zone=zone), status=400)
    assert zone not in zone_names()


def test_a_cache_is_bounded_by_what_it_holds() -> None:
    made: list[int] = []

    @bounded_cache(100, len)
    def numbers(count: int) -> tuple[int, ...]:
        made.append(count)
        return tuple(range(count))

    for count in (10, 11, 12, 10):
        numbers(count)
    assert made == [10, 11, 12]
    for count in range(13, 20):
        numbers(count)
    numbers(10)
    assert made[-1] == 10
    numbers(50), numbers(50)
    assert made[-2:] == [50, 50]


def test_what_a_recurrence_makes_is_bounded() -> None:
    start = timezone.now().replace(tzinfo=None)
    assert len(occurrences("FREQ=HOURLY", start, start + timedelta(days=366))) < 10_000
