"""The page of preferences: what is chosen is kept, and decides; what would happen now is shown by the same code."""

import re
from datetime import time, timedelta

import pytest
from django.urls import reverse

from notifications.models import Delivery, Mute, Preference
from tests.notifications.outside import START, channel_of, tell
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db
PAGE = "/preferences/"
NIGHT = {"days": [0, 1, 2, 3, 4, 5, 6], "from": "22:00", "until": "07:00"}


def form(*periods, digest="08:00", **chosen):
    """What a browser sends: choices, and a row for each period and one more."""
    rows = [*periods, {}]
    data = {"quiet-TOTAL_FORMS": len(rows), "quiet-INITIAL_FORMS": 0, "digest_at": digest, **chosen}
    for number, row in enumerate(rows):
        data |= {f"quiet-{number}-{name}": row.get(key, "") for name, key in (("begins", "from"), ("ends", "until"))}
        data[f"quiet-{number}-days"] = row.get("days", [])
    return data


def words(response, status=200):
    assert response.status_code == status, response.content.decode()[:2000]
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_what_is_chosen_is_kept_and_decides(client_of, alice, clock):
    mail, hook = channel_of(alice, "email", "mail", to="a@example.com"), channel_of(alice, "webhook", "hook", url="x")
    choices = {f"{mail.pk}.high": "off", f"{mail.pk}.low": "", f"{hook.pk}.high": "hourly"}
    response = client_of(alice).post(PAGE, form(NIGHT, digest="09:30", **choices))
    assert (response.status_code, response.url) == (302, PAGE)
    kept = Preference.objects.get()
    assert kept.matrix == {str(mail.pk): {"high": "off"}, str(hook.pk): {"high": "hourly"}}
    assert (kept.quiet, kept.digest_at) == ([NIGHT], time(9, 30))
    by_channel = {one.channel_name: one for one in tell(alice, severity="high")}
    assert by_channel["mail"].status == "skipped"
    assert (by_channel["hook"].status, by_channel["hook"].due_at) == ("held", START + timedelta(hours=1))


def test_what_was_kept_stands_in_the_form(client_of, alice, clock):
    mail = channel_of(alice, "email", "mail", to="a@example.com")
    Preference.objects.create(user=alice, matrix={str(mail.pk): {"low": "off"}}, quiet=[NIGHT], digest_at=time(6))
    page = client_of(alice).get(PAGE).content.decode()
    assert '<option value="off" selected>not</option>' in page
    assert 'name="quiet-0-begins" value="22:00"' in page
    assert page.count("checked") == 7
    assert 'value="06:00"' in page


def test_what_is_usual_is_shown_as_such(client_of, alice, olga, clock):
    channel_of(alice, "email", "mail", to="a@example.com")
    page = client_of(alice).get(PAGE).content.decode()
    assert page.count('<option value="" selected>default: at once</option>') == 3
    assert page.count('<option value="" selected>default: once a day</option>') == 1


@pytest.mark.parametrize(("hour", "zone", "message"), [
    (23, "UTC", "Quiet hours until 07:00 on Tuesday: only critical notifications are sent."),
    (3, "UTC", "Quiet hours until 07:00: only critical notifications are sent."),
    (10, "UTC", "Quiet hours are off now (10:00)."),
    (23, "Asia/Kolkata", "Quiet hours until 07:00: only critical notifications are sent."),
    (10, "America/New_York", "Quiet hours until 07:00: only critical notifications are sent."),
])  # fmt: skip
def test_whether_it_is_quiet_is_said_by_the_clock_of_the_person(client_of, alice, clock, hour, zone, message):
    alice.time_zone = zone
    alice.save()
    Preference.objects.create(user=alice, quiet=[NIGHT])
    clock.move_to(START.replace(hour=hour))
    page = words(client_of(alice).get(PAGE))
    assert message in page
    assert f"Time zone: {zone}" in page


def test_what_would_happen_now_is_what_happens(client_of, alice, clock):
    channel_of(alice, "email", "mail", to="a@example.com")
    Preference.objects.create(user=alice, quiet=[NIGHT])
    clock.move_to(night := START.replace(hour=23))
    page = words(client_of(alice).get(PAGE))
    for severity in ("low", "medium", "high", "critical"):
        (delivery,) = tell(alice, night, severity=severity)
        assert (delivery.cause in page) if delivery.status == "held" else delivery.status == "due"
    assert "Quiet hours until 3 Mar 2026, 07:00." in page
    assert "Included in the digest of 3 Mar 2026, 08:00." in page


def test_it_follows_what_is_chosen_before_that_is_saved(client_of, alice, clock):
    mail = channel_of(alice, "email", "mail", to="a@example.com")
    data = form(**{f"{mail.pk}.critical": "off", f"{mail.pk}.high": "hourly", "_preview": "1"})
    fragment = words(client_of(alice).post(PAGE, data, headers={"HX-Request": "true"}))
    assert fragment.startswith("Quiet hours are off now (10:00).")
    assert "Included in the digest of 2 Mar 2026, 11:00." in fragment
    assert "Channels by severity" not in fragment
    whole = client_of(alice).post(PAGE, data).content.decode()  # the button, without JavaScript
    assert "Channels by severity" in whole
    assert '<option value="hourly" selected>' in whole
    assert not Preference.objects.exists()


@pytest.mark.parametrize(("period", "message"), [
    ({"from": "22:00", "days": [0]}, "Enter the end too."),
    ({"until": "22:00", "days": [0]}, "Enter the start too."),
    ({"from": "22:00", "until": "07:00"}, "Enter the days too."),
    ({"from": "25:00", "until": "07:00", "days": [0]}, "Enter a time of day, for example 22:00."),
    ({"from": "00:00", "until": "00:00", "days": [0, 1, 2, 3, 4, 5, 6]}, "Quiet hours cover the whole week"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_kept(client_of, alice, clock, period, message):
    assert message in words(client_of(alice).post(PAGE, form(period)))
    assert not Preference.objects.exists()


def test_a_mode_that_is_none_and_an_empty_hour_are_refused(client_of, alice, clock):
    mail = channel_of(alice, "email", "mail", to="a@example.com")
    page = words(client_of(alice).post(PAGE, form(**{f"{mail.pk}.high": "soon"}, digest="")))
    assert "soon is not one of the available choices" in page
    assert "This field is required." in page
    assert not Preference.objects.exists()


def test_rows_are_removed(client_of, alice, clock):
    Preference.objects.create(user=alice, quiet=[NIGHT, NIGHT | {"from": "23:00"}])
    data = form(NIGHT, NIGHT | {"from": "23:00"}) | {"quiet-INITIAL_FORMS": 2, "quiet-0-DELETE": "on"}
    assert client_of(alice).post(PAGE, data).status_code == 302
    assert Preference.objects.get().quiet == [NIGHT | {"from": "23:00"}]


def test_without_a_channel_the_page_says_what_becomes_of_messages(client_of, alice, clock):
    page = words(client_of(alice).get(PAGE))
    assert "No channel yet. Notifications appear in the inbox and wait one day for a channel." in page


def test_a_broken_channel_is_named(client_of, alice, clock):
    channel = channel_of(alice, "email", "mail", to="a@example.com")
    channel.opened_at = START
    channel.save()
    assert "failing now" in words(client_of(alice).get(PAGE))


def test_a_rule_is_muted_and_unmuted(client_of, alice, clock):
    rule = rule_of(alice, rule_name="CPU")
    channel_of(alice, "email", "mail", to="a@example.com")
    client = client_of(alice)
    client.post(PAGE, {"mute": "1", "rule": str(rule.pk), "length": "8h"})
    mute = Mute.objects.get()
    assert (mute.user, mute.rule, mute.until) == (alice, rule, START + timedelta(hours=8))
    page = words(client.get(PAGE))
    assert "“CPU” is muted for 8 hours." in page
    assert "CPU until today 18:00" in page
    assert tell(alice, rule_id=rule.pk)[0].cause == "This rule is muted until 2 Mar 2026, 18:00."
    client.post(PAGE, {"unmute": str(mute.pk)})
    assert "Sent again." in words(client.get(PAGE))
    assert tell(alice, rule_id=rule.pk)[0].status == "due"


@pytest.mark.parametrize(("requested", "message"), [
    ({"rule": "", "length": "1d"}, "Choose a rule."),
    ({"length": "99y"}, "Choose a duration."),
    ({"rule": "7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11", "length": "1d"}, "The rule does not exist"),
])  # fmt: skip
def test_a_mute_that_is_wrong_says_why(client_of, alice, clock, requested, message):
    client = client_of(alice)
    client.post(PAGE, {"mute": "1", "rule": str(rule_of(alice).pk)} | requested)
    assert message in words(client.get(PAGE))
    assert not Mute.objects.exists()


def test_a_notification_leads_to_muting_its_rule(client_of, alice, clock):
    rule = rule_of(alice, rule_name="CPU")
    tell(alice, rule_id=rule.pk)
    notification = Delivery.objects.get().notification
    page = client_of(alice).get(reverse("admin:notifications_notification_change", args=[notification.pk]))
    link = f"{PAGE}?rule={rule.pk}"
    assert link in page.content.decode()
    assert f'<option value="{rule.pk}" selected>CPU</option>' in client_of(alice).get(link).content.decode()


def test_bob_cannot_open_or_change_alices(client_of, alice, bob, clock):
    for person in (alice.email, alice.pk):
        assert client_of(bob).get(f"{PAGE}?person={person}").status_code == 404
        assert client_of(bob).post(f"{PAGE}?person={person}", form(NIGHT)).status_code == 404
    mute = Mute.objects.create(user=alice, rule=rule_of(alice))
    client_of(bob).post(PAGE, {"unmute": str(mute.pk)})
    client_of(bob).post(PAGE, {"mute": "1", "rule": str(mute.rule_id), "length": "1d"})
    assert [*Mute.objects.values_list("user", flat=True)] == [alice.pk]
    assert not Preference.objects.exists()


def test_an_operator_changes_those_of_another(client_of, alice, olga, clock):
    page = words(client_of(olga).get(f"{PAGE}?person={alice.email}"))
    assert "Notification preferences of Alice" in page
    client_of(olga).post(f"{PAGE}?person={alice.email}", form(NIGHT))
    assert Preference.objects.get().user == alice


def test_an_auditor_looks_and_changes_nothing(client_of, audra, alice, clock):
    client = client_of(audra)
    assert '<button type="submit" class="bg-primary-600' not in client.get(PAGE).content.decode()
    assert client.post(PAGE, form(NIGHT)).status_code == 403
    assert client.post(PAGE, {"mute": "1"}).status_code == 403
    rule = rule_of(audra)
    client.post(PAGE, form(NIGHT) | {"mute": "1", "rule": str(rule.pk), "length": "1d", "_preview": "1"})
    assert not Mute.objects.exists()
    assert not Preference.objects.exists()
    assert client.get(f"{PAGE}?person={alice.email}").status_code == 404


def test_one_must_be_signed_in(client, db):
    assert client.get(PAGE).url == f"/login/?next={PAGE}"


def test_the_number_of_queries_does_not_grow(client_of, alice, clock, django_assert_max_num_queries):
    client = client_of(alice)
    for number in range(12):
        channel_of(alice, "email", f"mail {number}", to="a@example.com")
        Mute.objects.create(user=alice, rule=rule_of(alice, rule_name=f"CPU {number}"))
    with django_assert_max_num_queries(24):
        client.get(PAGE)
