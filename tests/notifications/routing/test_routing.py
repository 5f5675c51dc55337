"""Where a message goes to one person: the table of decisions."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from notifications.routing.quiet_hours import QuietHours
from notifications.routing.router import DEFAULTS, NOTIFICATION_TTL, ChannelRef, Subscriber, direct, read_matrix, route

NOW = datetime(2026, 3, 2, 2, 20, tzinfo=UTC)  # a Monday, 03:20 in Berlin
MAIL, PHONE, RULE = UUID(int=1), UUID(int=2), UUID(int=3)
WAYS = (ChannelRef(id=MAIL, name="mail", kind="email"), ChannelRef(id=PHONE, name="phone", kind="sms"))
NIGHT = [QuietHours(frozenset(range(7)), time(22), time(7))]


def who(ways=WAYS, **fields):
    return Subscriber(id=UUID(int=9), zone=ZoneInfo("Europe/Berlin"), ways=ways, **fields)


def outcomes(decisions):
    return [(decision.way and decision.way.name, decision.status) for decision in decisions]


@pytest.mark.parametrize(
    ("severity", "person", "expected"),
    [
        ("high", who(), [("mail", "due"), ("phone", "due")]),
        ("critical", who(quiet=NIGHT), [("mail", "due"), ("phone", "due")]),
        ("high", who(quiet=NIGHT), [("mail", "held"), ("phone", "held")]),
        ("low", who(), [("mail", "held"), ("phone", "held")]),  # once a day, if nothing else is said
        ("low", who(matrix={str(PHONE): {"low": "off"}}), [("mail", "held"), ("phone", "skipped")]),
        ("medium", who(matrix={str(MAIL): {"medium": "hourly"}}), [("mail", "held"), ("phone", "due")]),
        ("critical", who(matrix={str(MAIL): {"critical": "off"}}), [("mail", "skipped"), ("phone", "due")]),
        ("critical", who(defaults=DEFAULTS["auditors"]), [("mail", "skipped"), ("phone", "skipped")]),
        ("high", who(defaults=DEFAULTS["auditors"], matrix={str(MAIL): {"high": "now"}}),
         [("mail", "due"), ("phone", "skipped")]),
        ("high", who(ways=()), [(None, "waiting")]),
        ("critical", who(muted={RULE: None}), [(None, "skipped")]),
        ("high", who(muted={RULE: NOW + timedelta(hours=1)}), [(None, "skipped")]),
        ("high", who(muted={RULE: NOW}), [("mail", "due"), ("phone", "due")]),
        ("high", who(muted={UUID(int=8): None}), [("mail", "due"), ("phone", "due")]),
    ],
)  # fmt: skip
def test_the_decisions(severity, person, expected):
    assert outcomes(route(severity, RULE, person, NOW)) == expected


def test_a_rule_that_names_a_channel_is_not_asked_what_its_owner_prefers():
    decision = direct(WAYS[0], NOW)
    assert (decision.status, decision.due_at, decision.expires_at) == ("due", NOW, NOW + NOTIFICATION_TTL)


@pytest.mark.parametrize(
    ("without", "named", "expected"),
    [
        ((MAIL,), False, [("phone", "due")]),
        ((MAIL, PHONE), False, []),
        ((MAIL, PHONE), True, []),
        ((), True, [("mail", "due"), ("phone", "due")]),
    ],
)
def test_channels_that_are_left_out(without, named, expected):
    assert outcomes(route("high", RULE, who(), NOW, without=without, named=named)) == expected


def test_nothing_waits_for_a_channel_where_it_goes_to_one_that_is_named():
    assert route("high", RULE, who(ways=()), NOW, named=True) == []


@pytest.mark.parametrize(
    ("severity", "person", "until", "cause"),
    [
        ("high", who(quiet=NIGHT), "2026-03-02T06:00+00:00", "Quiet hours until 2 Mar 2026, 07:00."),
        ("low", who(), "2026-03-02T07:00+00:00", "Included in the digest of 2 Mar 2026, 08:00."),
        ("low", who(digest_at=time(3)), "2026-03-03T02:00+00:00", "Included in the digest of 3 Mar 2026, 03:00."),
        ("low", who(digest_at=time(5), quiet=NIGHT), "2026-03-02T06:00+00:00", "Quiet hours until 2 Mar 2026, 07:00."),
        ("low", who(digest_at=time(9), quiet=NIGHT), "2026-03-02T08:00+00:00",
         "Included in the digest of 2 Mar 2026, 09:00."),
        ("low", who(matrix={str(MAIL): {"low": "hourly"}}), "2026-03-02T03:00+00:00",
         "Included in the digest of 2 Mar 2026, 04:00."),
    ],
)  # fmt: skip
def test_until_when_it_is_held_and_why(severity, person, until, cause):
    decision = route(severity, RULE, person, NOW)[0]
    assert (decision.due_at, decision.cause) == (datetime.fromisoformat(until), cause)
    assert decision.expires_at == decision.due_at + NOTIFICATION_TTL


@pytest.mark.parametrize(
    ("person", "cause"),
    [
        (who(muted={RULE: None}), "This rule is muted."),
        (who(muted={RULE: NOW + timedelta(hours=1)}), "This rule is muted until 2 Mar 2026, 04:20."),
        (who(matrix={str(MAIL): {"high": "off"}}), "Disabled by preferences: high on “mail”."),
    ],
)
def test_why_it_is_not_sent(person, cause):
    assert route("high", RULE, person, NOW)[0].cause == cause


@pytest.mark.parametrize("kept", [None, [], "x", {"a": 3}, {"a": {"low": "sometimes"}}, {"a": {"low": None}}])
def test_a_matrix_that_is_none_says_nothing(kept):
    assert not any(read_matrix(kept).values())


def test_a_matrix_as_it_is_kept():
    assert read_matrix({"a": {"low": "off", "high": "soon"}, "b": []}) == {"a": {"low": "off"}}
