"""Silences by REST."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from rules.models import Silence
from tests.api import Program

HOUR = timedelta(hours=1)


@pytest.fixture
def today():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def body(today):
    def requested(**fields):
        given = {"comment": "Upgrade", "metric": "cpu", "starts_at": f"{today:%FT%TZ}",
                 "ends_at": f"{today + 4 * HOUR:%FT%TZ}"}  # fmt: skip
        return {name: value for name, value in (given | fields).items() if value is not ...}

    return requested


def later(today, **span):
    return f"{today + timedelta(**span):%FT%TZ}"


def test_made_read_listed_changed_and_ended(alice, body, today):
    program = Program(alice)
    made = program.post("silences/", body(labels={"team": "db"}), status=201)
    assert (made["user"], made["created_by"], made["state"]) == (str(alice.pk), str(alice.pk), "on")
    assert made["window"] == {"start": body()["starts_at"], "end": body()["ends_at"]}
    address = f"silences/{made['id']}/"
    assert program.get(address) == made
    assert [one["id"] for one in program.get("silences/?state=on")["results"]] == [made["id"]]
    changed = program.patch(address, {"ends_at": later(today, hours=6), "comment": "Longer"})
    assert (changed["comment"], changed["metric"], changed["ends_at"]) == ("Longer", "cpu", later(today, hours=6))
    ended = program.post(f"{address}end/")
    assert (ended["state"], ended["window"], ended["cancelled_by"]) == ("over", None, str(alice.pk))
    assert "has ended" in program.post(f"{address}end/", status=409)["detail"][0]
    assert "has ended" in program.patch(address, {"comment": "x"}, status=409)["detail"][0]
    program.delete(address, status=405)
    program.put(address, body(), status=405)


def test_one_that_does_not_say_when_begins_now(alice, body, today):
    for made in (
        Program(alice).post("silences/", body(starts_at=...), status=201)["window"],
        Program(alice).post("silences/preview/", body(starts_at=..., comment=...))["windows"][0],
    ):
        assert today <= datetime.fromisoformat(made["start"]) <= today + timedelta(minutes=1)


def test_recurring(olga, body, today):
    made = Program(olga).post("silences/", body(
        recurrence="rrule:freq=daily", duration="2h", time_zone="Europe/Berlin", ends_at=later(today, days=60),
    ), status=201)  # fmt: skip
    assert (made["recurrence"], made["duration"], made["user"]) == ("FREQ=DAILY", "2h", None)
    assert Silence.objects.get().duration == 2 * HOUR


WRONG = [
    ("alice", {"comment": ...}, "comment", "This field is required."),
    ("alice", {"comment": " "}, "comment", "may not be blank"),
    ("alice", {"ends_at": ...}, "ends_at", "This field is required."),
    ("alice", {"metric": ...}, "everything", "Only operators can silence everything."),
    ("alice", {"metric": ..., "everything": True}, "everything", "Only operators can silence everything."),
    ("olga", {"metric": ...}, "everything", "or confirm “Silence everything”."),
    ("alice", {"user": None}, "user", "Only operators can silence rules of other people."),
    ("alice", {"user": "bob@example.com"}, "user", "Only operators and administrators can set another owner"),
    ("alice", {"person": "bob@example.com"}, "person", "No person with the ID or e-mail"),
    ("olga", {"person": "nobody@example.com"}, "person", "No person with"),
    ("alice", {"rule": "7"}, "rule", "valid UUID"),
    ("alice", {"rule": "00000000-0000-4000-8000-000000000000"}, "rule", "rule does not exist"),
    ("olga", {"labels": {"team": 7}}, "labels", "Labels must be names with text values"),
    ("olga", {"ends_at": "2026-03-02T10:00:00"}, "ends_at", "Include a time zone"),
    ("olga", {"ends_at": "9999-12-31T10:00:00Z"}, "ends_at", "The maximum is 365 days."),
    ("olga", {"starts_at": "0001-01-01T10:00:00Z"}, "starts_at", "The start must be within one year from now."),
    ("olga", {"recurrence": "FREQ=DAILY"}, "duration", "Enter the window duration"),
    ("olga", {"duration": "2h"}, "duration", "Only a recurring silence has a duration"),
    ("olga", {"recurrence": "FREQ=OFTEN", "duration": "2h"}, "recurrence", "FREQ must be one of HOURLY"),
    ("olga", {"recurrence": "FREQ=DAILY", "duration": "2h", "time_zone": "Mars"}, "time_zone", "is not a time zone"),
    ("olga", {"until": "x"}, "until", "Unknown field."),
    ("alice", {"ends_at": "+8"}, "ends_at", "a silence of members lasts at most 7 days"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "fields", "name", "message"), WRONG)
def test_what_is_wrong_by_its_field(alice, bob, olga, body, today, who, fields, name, message):
    program = Program({"alice": alice, "olga": olga}[who])
    fields = {key: later(today, days=8) if value == "+8" else value for key, value in fields.items()}
    for address in ("silences/", "silences/preview/"):
        if address == "silences/preview/" and name == "comment":
            continue
        errors = program.post(address, body(**fields), status=400)
        assert message in errors[name][0], errors
    assert not Silence.objects.exists()


def test_everything_on_purpose_and_changed_later(olga, body):
    program = Program(olga)
    made = program.post("silences/", body(metric=..., everything=True), status=201)
    assert program.patch(f"silences/{made['id']}/", {"comment": "Still everything"})["comment"] == "Still everything"
    narrowed = program.post("silences/", body(), status=201)
    errors = program.patch(f"silences/{narrowed['id']}/", {"metric": ""}, status=400)
    assert "confirm “Silence everything”" in errors["everything"][0]


def test_a_preview_saves_nothing(olga, alice, bob, rule_on, body, today):
    rule = rule_on(alice)
    rule_on(bob, rule_name="Bobs")
    requested = body(comment=..., recurrence="FREQ=DAILY", duration="1h", ends_at=later(today, days=9))
    seen = Program(olga).post("silences/preview/", requested)
    assert (seen["rules"], seen["instances"], seen["firing"]) == (2, 2, 0)
    assert seen["words"] == "Matches 2 rules, 2 instances, none firing now."
    assert len(seen["windows"]) == 5
    hers = Program(alice).post("silences/preview/", requested)
    assert [one["id"] for one in hers["listing"]] == [str(rule.pk)]
    assert not Silence.objects.exists()


def test_whose(alice, bob, olga, audra, quiet, today, body):
    now = datetime.now(UTC)
    silence = quiet(alice, user=alice, metric="cpu", starts_at=now, ends_at=now + HOUR)
    wide = quiet(olga, starts_at=now, ends_at=now + HOUR)
    assert len(Program(alice).get("silences/")["results"]) == 2
    assert [one["id"] for one in Program(bob).get("silences/")["results"]] == [str(wide.pk)]
    Program(bob).get(f"silences/{silence.pk}/", status=404)
    for program in (Program(bob), Program(alice)):
        program.post(f"silences/{wide.pk}/end/", status=404)
    Program(audra).post("silences/", body(), status=403)
    Program(audra).post("silences/preview/", body(), status=403)
    Program(audra).post(f"silences/{wide.pk}/end/", status=403)
    assert len(Program(audra).get("silences/")["results"]) == 2
    Program(None).get("silences/", status=401)
