"""The pages of silences: list, form with its preview, the page of one, and what is done there."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry, Silence
from rules.silences.phrases import when_in_words
from tests.entries import change_entries
from tests.rules.rule_cast import entry_of, state_of

HOUR = timedelta(hours=1)
LIST = reverse("admin:rules_silence_changelist")
ADD = reverse("admin:rules_silence_add")
PREVIEW = reverse("admin:rules_silence_preview")


def page(silence, verb="page"):
    return reverse(f"admin:rules_silence_{verb}", args=[silence.pk])


def content_of(response, status=200):
    assert response.status_code == status
    return response.content.decode()


def clock(moment):
    return f"{moment:%Y-%m-%dT%H:%M}"


@pytest.fixture
def today():
    return timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def filled(today):
    def form(**fields):
        return {
            "comment": "Database upgrade", "starts": clock(today), "length": "4h", "time_zone": "UTC",
        } | fields  # fmt: skip

    return form


@pytest.fixture
def on(quiet, today):
    def make(maker, **fields):
        return quiet(maker, **{"starts_at": today - HOUR, "ends_at": today + HOUR} | fields)

    return make


# -- the list ----------------------------------------------------------------------------------------


def test_an_empty_list_says_what_silences_are_for(client_of, alice):
    assert "No silences" in content_of(client_of(alice).get(LIST))


def test_on_coming_and_over(client_of, olga, on, today):
    on(olga, comment="Now")
    on(olga, comment="Weekly", recurrence="FREQ=WEEKLY", duration=HOUR / 2, ends_at=today + timedelta(days=30))
    on(olga, comment="Soon", starts_at=today + HOUR, ends_at=today + 2 * HOUR)
    on(olga, comment="Gone", ends_at=today - HOUR / 2)
    on(olga, comment="Stopped", cancelled_at=today - HOUR / 2)
    client = client_of(olga)

    def shown(state):
        rows = client.get(LIST, {"state": state} if state is not None else {}).context["cl"].result_list
        return {silence.comment: silence.state for silence in rows}

    assert "State: Active or upcoming" in content_of(client.get(LIST)).replace("state:", "State:")
    assert shown(None) == {"Now": "active", "Weekly": "upcoming", "Soon": "upcoming"}
    assert list(shown("on")) == ["Now"]
    assert set(shown("coming")) == {"Weekly", "Soon"}
    assert set(shown("over")) == {"Gone", "Stopped"}
    assert len(shown("")) == 5


def test_whose_silences_one_sees(client_of, alice, bob, olga, rule_on, on):
    hers = rule_on(alice)
    on(alice, user=alice, comment="Hers")
    on(olga, comment="Everything")
    on(olga, rule=hers, comment="Her rule")
    on(olga, person=alice, comment="About her")

    def names(user):
        return {silence.comment for silence in client_of(user).get(LIST).context["cl"].result_list}

    assert names(alice) == {"Hers", "Everything", "Her rule", "About her"}
    assert names(bob) == {"Everything"}
    assert names(olga) == names(alice)


def test_many_are_ended_at_once(client_of, alice, olga, on):
    both = [on(olga, comment="One"), on(alice, user=alice, comment="Two")]
    picked = {"action": "end_now", "_selected_action": [silence.pk for silence in both], "index": 0}
    client_of(alice).post(LIST, picked)
    assert list(Silence.objects.filter(cancelled_at=None).values_list("comment", flat=True)) == ["One"]
    assert Silence.objects.exclude(cancelled_at=None).get().cancelled_by == alice


# -- the form ----------------------------------------------------------------------------------------


def test_once_with_a_quick_length(client_of, alice, rule_on, filled, today):
    rule = rule_on(alice)
    client_of(alice).post(ADD, filled(rule=rule.rule_name))
    silence = Silence.objects.get()
    assert (silence.rule, silence.user, silence.created_by) == (rule, alice, alice)
    assert (silence.starts_at, silence.ends_at) == (today, today + 4 * HOUR)
    assert (silence.recurrence, silence.duration) == ("", None)


def test_recurring_in_its_own_zone(client_of, olga, filled, today):
    client_of(olga).post(ADD, filled(
        metric="cpu", repeats="FREQ=WEEKLY;BYDAY=SA,SU", duration="8h", starts=clock(today),
        ends=clock(today + timedelta(days=60)), time_zone="Asia/Kathmandu",
    ))  # fmt: skip
    silence = Silence.objects.get()
    assert (silence.recurrence, silence.duration, silence.user) == ("FREQ=WEEKLY;BYDAY=SA,SU", 8 * HOUR, None)
    assert silence.starts_at == today - timedelta(hours=5, minutes=45)


def test_by_a_rule_of_the_calendar(client_of, olga, filled, today):
    requested = filled(metric="cpu", repeats="custom", recurrence="rrule:freq=monthly;byday=2su", duration="1h",
                   ends=clock(today + timedelta(days=90)))  # fmt: skip
    client_of(olga).post(ADD, requested)
    assert Silence.objects.get().recurrence == "FREQ=MONTHLY;BYDAY=2SU"


WRONG = [
    ("alice", {"comment": ""}, "Enter a comment, for example: Database upgrade."),
    ("alice", {}, "Only operators can silence everything."),
    ("olga", {}, "or confirm “Silence everything”."),
    ("alice", {"rule": "No such rule"}, "There is no rule “No such rule”. It does not exist, or you cannot use it."),
    ("alice", {"rule": "Bobs"}, "There is no rule “Bobs”. It does not exist, or you cannot use it."),
    ("olga", {"rule": "Twice"}, "There is more than one rule “Twice”. Enter the ID instead."),
    ("olga", {"rule": "Bobs", "user": "alice@example.com"}, "This rule belongs to Bob"),
    ("olga", {"metric": "Not a metric"}, "is not a metric name"),
    ("olga", {"labels": "team"}, "“team” is not a label. Example: team=db, tier=1."),
    ("olga", {"metric": "cpu", "starts": ""}, "Enter a start time."),
    ("olga", {"metric": "cpu", "starts": "soon"}, "Invalid time."),
    ("olga", {"metric": "cpu", "length": "until"}, "Every silence needs an end."),
    ("olga", {"metric": "cpu", "length": "until", "ends": "2020-01-01T10:00"}, "The end is before the start."),
    ("olga", {"metric": "cpu", "starts": "1999-01-01T10:00"}, "The start must be within one year from now."),
    ("olga", {"metric": "cpu", "repeats": "FREQ=DAILY", "ends": "+20"}, "Enter the window duration"),
    ("olga", {"metric": "cpu", "repeats": "FREQ=DAILY", "duration": "1h"}, "Enter an end time."),
    ("olga", {"metric": "cpu", "repeats": "custom", "duration": "1h", "ends": "+20"}, "Enter an RRULE, for example"),
    ("olga", {"metric": "cpu", "repeats": "custom", "recurrence": "FREQ=DAILY;BYDAY=XX", "duration": "1h",
              "ends": "+20"}, "BYDAY must be days of the week"),
    ("olga", {"metric": "cpu", "time_zone": "Mars/Olympus"}, "is not a time zone"),
    ("alice", {"rule": "Mine", "length": "until", "ends": "+8"}, "a silence of members lasts at most 7 days"),
    ("olga", {"metric": "cpu", "length": "until", "ends": "+31"}, "a silence of operators lasts at most 30 days"),
    ("alice", {"rule": "Mine", "repeats": "FREQ=DAILY", "duration": "1h", "ends": "+91"}, "at most 90 days"),
    ("alice", {"rule": "Mine", "repeats": "FREQ=DAILY", "duration": "24h", "ends": "+20"}, "The windows overlap"),
    ("alice", {"rule": "Mine", "repeats": "custom", "recurrence": "FREQ=YEARLY", "starts": "+1", "duration": "1h",
               "ends": "+1"}, "The end is before the start."),
]  # fmt: skip


@pytest.mark.parametrize(("who", "fields", "message"), WRONG)
def test_what_is_wrong_is_said_with_what_would_be_right(
    client_of, alice, bob, olga, rule_on, filled, today, who, fields, message
):
    rule_on(alice, rule_name="Mine"), rule_on(bob, rule_name="Bobs")
    rule_on(alice, rule_name="Twice"), rule_on(bob, rule_name="Twice")
    fields = {name: clock(today + timedelta(days=int(value))) if value.startswith("+") else value
              for name, value in fields.items()}  # fmt: skip
    client = client_of({"alice": alice, "olga": olga}[who])
    assert message in content_of(client.post(ADD, filled(**fields)))
    assert not Silence.objects.exists()


def test_administrators_may_be_silent_for_longest(client_of, ada, filled, today):
    client_of(ada).post(ADD, filled(everything="on", length="until", ends=clock(today + timedelta(days=300))))
    assert Silence.objects.get().user is None


def test_members_are_not_asked_whose_rules(client_of, alice, filled, olga, rule_on):
    fields = client_of(alice).get(ADD).context["adminform"].form.fields
    assert not {"user", "person", "everything"} & set(fields)
    rule = rule_on(alice)
    client_of(alice).post(ADD, filled(rule=str(rule.pk), user="olga@example.com", everything="on"))
    assert Silence.objects.get().user == alice


def test_the_address_fills_the_form_in_and_shows_what_it_covers(client_of, olga, bob, rule_on, now):
    rule = rule_on(olga, applies_to="everyone", rule_name="All")
    state_of(rule, now, user=bob)
    text = content_of(client_of(olga).get(ADD, {"rule": str(rule.pk), "person": str(bob.pk)}))
    assert 'value="All"' in text
    assert 'value="bob@example.com"' in text
    assert "Matches 1 rule, 1 instance, 1 firing now." in text


def test_without_javascript_a_button_shows_what_it_covers(client_of, olga, alice, rule_on, filled):
    rule_on(alice), rule_on(olga)
    client = client_of(olga)
    answer = client.post(ADD, filled(metric="cpu", _preview="1", csrfmiddlewaretoken="secret"))
    assert answer.status_code == 302
    assert "csrf" not in answer.url
    text = content_of(client.get(answer.url))
    assert "Matches 2 rules, 2 instances, none firing now." in text
    assert 'value="Database upgrade"' in text
    assert not Silence.objects.exists()


def test_the_preview_shows_the_next_windows_and_what_is_wrong(client_of, olga, filled, today):
    client = client_of(olga)
    requested = filled(metric="cpu", repeats="FREQ=DAILY", duration="1h", ends=clock(today + timedelta(days=9)),
                   time_zone="Europe/Berlin")  # fmt: skip
    text = content_of(client.post(PREVIEW, requested | {"comment": ""}))
    assert "Matches nothing" in text
    assert "Next 5 windows" in text
    assert "Time zone: Europe/Berlin." in text
    wrong = content_of(client.post(PREVIEW, requested | {"repeats": "custom", "recurrence": "FREQ=OFTEN"}))
    assert "FREQ must be one of" in wrong
    assert "Choose what to silence to see" in content_of(client.post(PREVIEW, filled()))


def test_the_preview_of_a_member_tells_of_their_own_rules_only(client_of, alice, bob, rule_on, filled):
    rule_on(alice, rule_name="Mine"), rule_on(bob, rule_name="Bobs")
    text = content_of(client_of(alice).post(PREVIEW, filled(metric="cpu")))
    assert "Matches 1 rule, 1 instance" in text
    assert "Bobs" not in text


def test_a_copy_begins_now(client_of, olga, on, today):
    silence = on(olga, metric="cpu", starts_at=today - 30 * HOUR, ends_at=today - 20 * HOUR)
    form = client_of(olga).get(ADD, {"copy": str(silence.pk)}).context["adminform"].form
    assert form.initial["comment"] == "Database upgrade"
    assert form.initial["ends"] - form.initial["starts"] == 10 * HOUR
    assert (today.replace(tzinfo=None) - form.initial["starts"]) < HOUR


def test_changing_one(client_of, olga, on, today):
    silence = on(olga, metric="cpu")
    client = client_of(olga)
    form = client.get(page(silence, "change")).context["adminform"].form
    assert (form.initial["length"], form.initial["metric"]) == ("until", "cpu")
    client.post(page(silence, "change"), {
        "comment": "Longer", "metric": "memory", "starts": clock(silence.starts_at), "length": "until",
        "ends": clock(today + 5 * HOUR), "time_zone": "UTC",
    })  # fmt: skip
    silence.refresh_from_db()
    assert (silence.comment, silence.metric, silence.ends_at) == ("Longer", "memory", today + 5 * HOUR)
    assert silence.created_by == olga


def test_one_that_is_over_is_not_changed(client_of, olga, on, today):
    silence = on(olga, metric="cpu", cancelled_at=today - HOUR / 2)
    answer = client_of(olga).post(page(silence, "change"), {"comment": "x"})
    assert answer.url == page(silence)
    assert Silence.objects.get().comment == "Database upgrade"


# -- the page of one ---------------------------------------------------------------------------------


def test_the_page_tells_what_and_when_and_what_it_kept_quiet(client_of, alice, olga, rule_on, on, today):
    rule = rule_on(alice)
    silence = on(olga, rule=rule)
    state_of(rule, today)
    entry = entry_of(rule, today, status="skipped", error_message="Silenced by “Database upgrade” (Olga) until …")
    change_entries(ActivityEntry.objects.filter(pk=entry.pk), context=entry.context | {"silence": str(silence.pk)})
    text = content_of(client_of(alice).get(page(silence)))
    for words in ("Database upgrade", "The rule “CPU too high”", "Matches 1 rule, 1 instance, 1 firing now.", "Olga",
                  "Active", "Silenced by “Database upgrade”"):  # fmt: skip
        assert words in text
    assert page(silence, "end") not in text  # it is not hers to end
    assert page(silence, "end") in content_of(client_of(olga).get(page(silence)))


def test_a_recurring_one_shows_its_next_windows(client_of, olga, on, today):
    silence = on(olga, metric="cpu", recurrence="FREQ=DAILY", duration=2 * HOUR, ends_at=today + timedelta(days=9))
    text = content_of(client_of(olga).get(page(silence)))
    assert "Next windows" in text
    assert text.count("2h</span>") == 5
    assert "active now, 2h" in text


def test_ending(client_of, alice, olga, audra, on):
    silence = on(alice, user=alice, metric="cpu")
    assert client_of(audra).post(page(silence, "end")).status_code == 403
    assert client_of(olga).get(page(silence, "end")).status_code == 405
    text = content_of(client_of(olga).post(page(silence, "end"), follow=True))
    assert "Silence ended." in text
    silence.refresh_from_db()
    assert silence.cancelled_by == olga
    assert "had already ended" in content_of(client_of(alice).post(page(silence, "end"), follow=True))
    silence.refresh_from_db()
    assert silence.cancelled_by == olga


def test_extending_up_to_the_limit(client_of, alice, on, today, rule_on):
    silence = on(alice, user=alice, rule=rule_on(alice))
    client = client_of(alice)
    assert "Silence extended until" in content_of(client.post(page(silence, "extend"), {"by": "4h"}, follow=True))
    silence.refresh_from_db()
    assert silence.ends_at == today + 5 * HOUR
    for _ in range(7):
        text = content_of(client.post(page(silence, "extend"), {"by": "24h"}, follow=True))
    assert "a silence of members lasts at most 7 days" in text
    assert "Extend a silence by 1h, 4h, 24h" in content_of(
        client.post(page(silence, "extend"), {"by": "1y"}, follow=True)
    )


def test_somebody_elses_is_not_there(client_of, alice, bob, on):
    silence = on(alice, user=alice, metric="cpu")
    client = client_of(bob)
    assert client.get(page(silence)).status_code == 404
    for verb in ("end", "extend"):
        assert client.post(page(silence, verb)).status_code == 404


def test_a_member_does_not_end_what_covers_everyone(client_of, alice, olga, on):
    silence = on(olga)
    assert client_of(alice).post(page(silence, "end")).status_code == 403
    assert client_of(alice).get(page(silence)).status_code == 200


def test_auditors_see_and_do_not_make(client_of, audra, olga, on):
    silence = on(olga)
    client = client_of(audra)
    assert client.get(ADD).status_code == 403
    assert client.post(PREVIEW).status_code == 403
    assert page(silence, "end") not in content_of(client.get(page(silence)))


def test_no_more_queries_for_more_silences(client_of, olga, on, django_assert_max_num_queries):
    client = client_of(olga)
    for number in range(30):
        on(olga, comment=f"Number {number}", metric="cpu")
    with django_assert_max_num_queries(25):
        client.get(LIST)


def test_a_rule_leads_to_the_form_that_silences_it(client_of, alice, audra, rule_on, now):
    rule = rule_on(alice)
    state = state_of(rule, now)
    address = reverse("admin:rules_automationrule_page", args=[rule.pk])
    text = content_of(client_of(alice).get(address))
    assert f'href="{ADD}?rule={rule.pk}"' in text
    assert f'href="{ADD}?instance={state.pk}"' in text
    assert ADD not in content_of(client_of(audra).get(address))


def test_one_series_of_a_rule_is_silenced_alone(client_of, alice, bob, rule_on, now):
    rule = rule_on(alice, series_mode="each", labels={"team": "db"})
    series = [state_of(rule, now, target=f"t{host}", labels={"host": host, "team": "x"}) for host in ("a,b", "c")]
    text = content_of(client_of(alice).get(ADD, {"instance": series[0].pk}))
    assert 'value="host=&quot;a,b&quot;"' in text
    assert alice.email in text
    assert "Matches 1 rule, 1 instance, 1 firing now." in text
    assert "Choose what to silence" in content_of(client_of(bob).get(ADD, {"instance": series[0].pk}))
    assert "Choose what to silence" in content_of(client_of(alice).get(ADD, {"instance": "\0x"}))


def test_a_preview_too_long_for_an_address_is_shown_at_once(client_of, alice, filled):
    html = content_of(client_of(alice).post(ADD, filled(comment="ä" * 6_000, metric="cpu", _preview="1")))
    assert "ä" * 6_000 in html
    assert not Silence.objects.exists()


@pytest.mark.parametrize("recurrence", ["FREQ=YEARLY;BYDAY=99MO", "FREQ=DAILY;BYHOUR=" + "1," * 300 + "1", "<script>"])
def test_a_recurrence_that_cannot_be_read_breaks_no_page(client_of, alice, today, recurrence):
    silence = Silence.objects.create(
        user=alice, created_by=alice, comment="Why", metric="cpu", starts_at=today, ends_at=today + 48 * HOUR,
        recurrence=recurrence, duration=HOUR,
    )  # fmt: skip
    for address in (LIST, f"{LIST}?state=on", page(silence), reverse("admin:rules_silence_change", args=[silence.pk])):
        assert client_of(alice).get(address).status_code == 200
    assert client_of(alice).get("/api/silences/").json()["results"][0]["state"] == "coming"


@pytest.mark.parametrize(("recurrence", "wording"), [
    ("FREQ=WEEKLY;BYDAY=SU", "every Sunday from"),
    ("FREQ=WEEKLY;BYDAY=MO,WE", "every Monday and Wednesday from"),
    ("FREQ=WEEKLY;BYDAY=SA,SU", "Saturday and Sunday from"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU from"),
])  # fmt: skip
def test_weekdays_are_named(on, olga, recurrence, wording):
    silence = on(olga, recurrence=recurrence, duration=HOUR, ends_at=timezone.now() + timedelta(days=30))
    assert when_in_words(silence).startswith(wording)
