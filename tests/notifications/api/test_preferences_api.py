"""Preferences and muted rules by REST."""

from datetime import timedelta

import pytest

from notifications.models import Mute, Preference
from tests.api import Program
from tests.notifications.outside import START, channel_of
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db
NIGHT = {"days": [0, 1, 2, 3, 4, 5, 6], "from": "22:00", "until": "07:00"}


def test_what_is_usual_and_what_would_happen(alice, clock):
    channel = channel_of(alice, "email", "mail", to="a@example.com")
    found = Program(alice).get("preferences/")
    assert (found["matrix"], found["quiet"], found["digest_at"]) == ({}, [], "08:00")
    assert found["defaults"] == {"low": "daily", "medium": "now", "high": "now", "critical": "now"}
    assert (found["time_zone"], found["quiet_until"]) == ("UTC", None)
    assert [(one["severity"], one["status"]) for one in found["now"]] == [
        ("critical", "due"), ("high", "due"), ("medium", "due"), ("low", "held"),
    ]  # fmt: skip
    assert {one["channel"] for one in found["now"]} == {str(channel.pk)}


def test_put_sets_all_and_patch_changes_what_is_sent(alice, clock):
    channel = channel_of(alice, "email", "mail", to="a@example.com")
    clock.move_to(START.replace(hour=23))
    matrix = {str(channel.pk): {"high": "off", "low": None}}
    program = Program(alice)
    found = program.put("preferences/", {"matrix": matrix, "quiet": [NIGHT], "digest_at": "09:15"})
    assert found["matrix"] == {str(channel.pk): {"high": "off"}}
    assert (found["quiet"], found["quiet_until"]) == ([NIGHT], "2026-03-03T07:00:00Z")
    changed = program.patch("preferences/", {"quiet": []})
    assert (changed["quiet"], changed["digest_at"], changed["matrix"]) == ([], "09:15", found["matrix"])
    assert program.put("preferences/", {"matrix": {}}, status=400) == {
        "quiet": ["This field is required."], "digest_at": ["This field is required."],
    }  # fmt: skip


@pytest.mark.parametrize(("body", "name", "message"), [
    ({"matrix": []}, "matrix", "Use an object"),
    ({"matrix": {"x": {}}}, "matrix", "This person has no channel “x”."),
    ({"matrix": {"MINE": "now"}}, "matrix", "Use an object for each channel"),
    ({"matrix": {"MINE": {"urgent": "now"}}}, "matrix", "“urgent” is not a valid severity."),
    ({"matrix": {"MINE": {"high": "soon"}}}, "matrix", "“soon” is not valid. Use one of: now, hourly, daily, off"),
    ({"matrix": {"MINE": {"high": ["now"]}}}, "matrix", "is not valid"),
    ({"matrix": {"BOBS": {"high": "now"}}}, "matrix", "This person has no channel"),
    ({"quiet": {}}, "quiet", "Use a list"),
    ({"quiet": [{}]}, "quiet", "A period has exactly the keys days, from and until"),
    ({"quiet": [NIGHT | {"days": []}]}, "quiet", "at least one"),
    ({"quiet": [NIGHT | {"days": [7]}]}, "quiet", "0 (Monday) to 6 (Sunday)"),
    ({"quiet": [NIGHT | {"days": [True]}]}, "quiet", "0 (Monday) to 6 (Sunday)"),
    ({"quiet": [NIGHT | {"from": "24:00"}]}, "quiet", "“24:00” is not a time of day."),
    ({"quiet": [NIGHT | {"from": 22}]}, "quiet", "“22” is not a time of day."),
    ({"quiet": [NIGHT | {"until": "22:00"}]}, "quiet", "Quiet hours cover the whole week"),
    ({"quiet": [NIGHT] * 21}, "quiet", "At most 20"),
    ({"digest_at": "8"}, "digest_at", "time of day"),
    ({"digest_at": 800}, "digest_at", "time of day"),
    ({"colour": "red"}, "colour", "Unknown field."),
])  # fmt: skip
def test_what_is_wrong_is_said(alice, bob, clock, body, name, message):
    mine, bobs = (channel_of(one, "email", "mail", to="a@example.com") for one in (alice, bob))
    if isinstance(body.get("matrix"), dict):
        names = {"MINE": str(mine.pk), "BOBS": str(bobs.pk)}
        body = {"matrix": {names.get(key, key): value for key, value in body["matrix"].items()}}
    assert message in Program(alice).patch("preferences/", body, status=400)[name][0]
    assert not Preference.objects.exists()


def test_a_channel_that_is_gone_is_left_out(alice, clock):
    Preference.objects.create(user=alice, matrix={"7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11": {"high": "off"}})
    assert Program(alice).get("preferences/")["matrix"] == {}


def test_an_auditor_reads_and_changes_nothing(audra, clock):
    assert Program(audra).get("preferences/")["defaults"]["critical"] == "off"
    Program(audra).patch("preferences/", {"quiet": []}, status=403)
    Program(audra).post("mutes/", {"rule": "x"}, status=403)


def test_a_rule_is_muted_and_unmuted(alice, clock):
    rule, program = rule_of(alice, rule_name="CPU"), Program(alice)
    made = program.post("mutes/", {"rule": str(rule.pk), "until": "2026-03-02T12:00:00Z"}, status=201)
    assert (made["rule"], made["rule_name"], made["until"]) == (str(rule.pk), "CPU", "2026-03-02T12:00:00Z")
    again = program.post("mutes/", {"rule": str(rule.pk)}, status=201)
    assert (again["id"], again["until"]) == (made["id"], None)
    assert [found["id"] for found in program.get("mutes/")["results"]] == [made["id"]]
    assert program.get(f"mutes/{made['id']}/")["rule_name"] == "CPU"
    program.delete(f"mutes/{made['id']}/", status=204)
    assert program.get("mutes/")["results"] == []


@pytest.mark.parametrize(("body", "name", "message"), [
    ({}, "rule", "This field is required."),
    ({"rule": 7}, "rule", "Must be a valid UUID."),
    ({"rule": "7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11"}, "rule", "The rule does not exist"),
    ({"rule": "BOBS"}, "rule", "The rule does not exist"),
    ({"rule": "MINE", "until": "2026-03-02T09:00:00Z"}, "until", "This must be in the future."),
    ({"rule": "MINE", "until": "2026-03-03T09:00:00"}, "until", "Include a time zone"),
    ({"rule": "MINE", "why": "loud"}, "why", "Unknown field."),
])  # fmt: skip
def test_a_mute_that_is_wrong_says_why(alice, bob, clock, body, name, message):
    rules = {"MINE": str(rule_of(alice).pk), "BOBS": str(rule_of(bob).pk)}
    if body.get("rule") in rules:
        body = body | {"rule": rules[body["rule"]]}
    assert message in " ".join(Program(alice).post("mutes/", body, status=400)[name])
    assert not Mute.objects.exists()


def test_mutes_are_ones_own_also_for_who_sees_everything(alice, olga, bob, clock):
    mute = Mute.objects.create(user=alice, rule=rule_of(alice), until=START + timedelta(hours=1))
    for other in (olga, bob):
        assert Program(other).get("mutes/")["results"] == []
        Program(other).get(f"mutes/{mute.pk}/", status=404)
        Program(other).delete(f"mutes/{mute.pk}/", status=404)
    assert Mute.objects.count() == 1
