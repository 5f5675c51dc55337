"""The activity page: period, histogram, facets, chips, columns, panel and news of new entries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry, Feedback, SavedView
from rules.search.histogram import MAX_BARS, histogram
from rules.search.suggestions import suggestions
from tests.entries import change_entries
from tests.rules.rule_cast import entry_of, rule_of, state_of

ACTIVITY = reverse("admin:rules_activityentry_changelist")


@pytest.fixture
def entries(alice, bob):
    """Of the last hours: two fired, one of them failed, one resolved; and one of last month."""
    now = timezone.now().replace(microsecond=0)
    rule, other = rule_of(alice, severity="critical"), rule_of(alice, rule_name="Sync errors", severity="low")
    return [
        entry_of(rule, now - timedelta(minutes=90)),
        entry_of(rule, now - timedelta(minutes=30), event_type="rule_resolved", action_taken="none"),
        entry_of(other, now - timedelta(minutes=20), status="failed", error_message="Timeout"),
        entry_of(rule, now - timedelta(days=33)),
    ]


def test_the_page_shows_a_week_its_histogram_and_its_facets(client_of, alice, entries):
    changes = client_of(alice).get(ACTIVITY).context["cl"]
    assert [row.entry for row in changes.rows] == entries[2::-1]
    assert (changes.chart.total, changes.chart.legend[0]) == (3, ("red", "fired", 2))
    assert sum(1 for bar in changes.chart.bars if bar.height) in (1, 2)
    found = {
        facet.field: [(value["label"], value["count"]) for value in values] for facet, values in changes.facet_lists
    }
    assert found == {
        "event": [("fired", 2), ("resolved", 1)], "result": [("success", 2), ("failed", 1)],
        "severity": [("critical", 2), ("low", 1)], "person": [("Alice", 3)], "target": [],
        "rule": [("Fusion score too low", 2), ("Sync errors", 1)],
    }  # fmt: skip


def test_each_value_leads_to_itself_and_to_the_others(client_of, alice, entries):
    client = client_of(alice)
    changes = client.get(ACTIVITY, {"search": "alice"}).context["cl"]
    failed = next(row for row in changes.rows if row.entry.status == "failed").values["result"]
    assert [row.entry for row in client.get(ACTIVITY + failed.chosen).context["cl"].rows] == [entries[2]]
    assert [row.entry for row in client.get(ACTIVITY + failed.excluded).context["cl"].rows] == entries[1::-1]
    chosen = client.get(ACTIVITY + failed.chosen).context["cl"]
    value = next(values for facet, values in chosen.facet_lists if facet.field == "result")[0]
    assert (value["chosen"], value["with"]) == (True, "?search=alice")


def test_a_bar_leads_to_its_time_and_arrows_to_the_periods_beside(client_of, alice, entries):
    client = client_of(alice)
    bar = next(bar for bar in client.get(ACTIVITY).context["cl"].chart.bars if bar.height)
    narrowed = client.get(ACTIVITY + bar.address).context["cl"]
    assert 0 < len(narrowed.rows) <= 3
    assert narrowed.later is None or "after=" in narrowed.later
    earlier = client.get(ACTIVITY + client.get(ACTIVITY, {"within": "30d"}).context["cl"].earlier).context["cl"]
    assert [row.entry for row in earlier.rows] == [entries[3]]
    assert "after=" in earlier.later


def test_all_time_is_offered_where_nothing_is_found(client_of, alice, entries):
    client = client_of(alice)
    changes = client.get(ACTIVITY, {"search": "within:1h timeout -event:fired"}).context["cl"]
    assert changes.rows == []
    assert changes.all_time == "?search=timeout+-event%3Afired&within="
    assert len(client.get(ACTIVITY, {"within": ""}).context["cl"].rows) == 4


def test_columns_and_density_are_chosen_and_remembered(client_of, alice, entries):
    client = client_of(alice)
    page = client.get(f"{ACTIVITY}?columns=time&columns=person&density=compact", follow=True)
    assert [label for _, label in page.context["cl"].columns] == ["Time", "Person"]
    again = client.get(ACTIVITY)
    assert [label for _, label in again.context["cl"].columns] == ["Time", "Person"]
    assert "sa-dense" in again.content.decode()
    assert not again.context["cl"].complaints
    bad = client.get(ACTIVITY, {"columns": "time,colour", "density": "thin", "group": "day"}).context["cl"].complaints
    assert [complaint.split(" ")[0] for complaint in bad] == ["“day”", "“thin”", "Unknown"]


def test_the_panel_says_what_followed(client_of, alice, bob, entries):
    Feedback.objects.create(rule=entries[0].rule, entry=entries[0], user=alice, useful=True)
    panel = reverse("admin:rules_activityentry_panel", args=[entries[0].pk])
    assert "Alice marked it as useful" in client_of(alice).get(panel).content.decode()
    assert client_of(bob).get(panel).status_code == 404


@pytest.mark.parametrize("context", [{}, {"rule_name": "A <b>rule</b>"}, ["x"]])
def test_the_panel_of_an_entry_without_a_rule(client_of, alice, context):
    entry = ActivityEntry.objects.create(user=alice, event_type="signed_in", context=context)
    panel = client_of(alice).get(reverse("admin:rules_activityentry_panel", args=[entry.pk])).content.decode()
    assert ("A &lt;b&gt;rule" if isinstance(context, dict) and context else "<dd>none</dd>") in panel


def test_new_entries_are_counted_with_the_filters_of_the_page(client_of, alice, entries):
    client = client_of(alice)
    than = client.get(ACTIVITY, {"search": "event:fired"}).context["cl"].newest_place
    entry_of(entries[0].rule, timezone.now())
    entry_of(entries[0].rule, timezone.now(), event_type="rule_resolved")
    asked = {"than": than, "search": "event:fired"}
    newer = reverse("admin:rules_activityentry_newer")
    assert client.get(newer, asked).json() == {"count": 1}
    assert client.get(newer, asked | {"than": "x", "search": "colour:red"}).json() == {"count": 0}


def test_suggestions_complete_the_last_term(client_of, alice, bob, entries):
    def found(text):
        return [one.label for one in suggestions(text, alice)]

    assert found("timeout sev") == ["severity:"]
    assert found("severity:c") == ["severity:critical"]
    assert suggestions("a -severity:c", alice)[0].search == "a -severity:critical "
    assert found("sync") == ['rule:"Sync errors"']
    assert found('rule:"too lo') == ['rule:"Fusion score too low"']
    assert (found("person:"), found("bob"), found("colour:")) == (["person:Alice"], [], [])
    assert found("after:") == ["after:2026-03-02T10:00"]
    answer = client_of(alice).get(reverse("admin:rules_activityentry_suggestions"), {"search": "sev"})
    assert answer.json()["suggestions"][0] == {"search": "severity:", "label": "severity:", "help": "Severity"}


@pytest.mark.parametrize("days", [0.01, 0.5, 7, 30, 400, 30_000])
def test_a_histogram_has_few_bars_and_every_entry(entries, days):
    now = timezone.now()
    found = histogram(ActivityEntry.objects.all(), now - timedelta(days=days), now)
    assert 1 <= len(found.bars) <= MAX_BARS + 1
    assert found.total == sum(1 for entry in entries if entry.created_at >= found.bars[0].start)


def test_views_are_saved_shared_and_begun_with(client_of, alice, bob, entries):
    client, other = client_of(alice), client_of(bob)
    save = reverse("admin:rules_activityentry_save_view")
    view = {"name": "Bad", "query": "search=severity%3Acritical&p=2", "shared": "on", "is_default": "on"}
    assert client.post(save, view).url == f"{ACTIVITY}?search=severity%3Acritical"
    client.post(save, view | {"name": "Worse"})
    client.post(save, {"name": "Worse", "query": "status=failed", "is_default": "on"})
    client.post(save, {"name": "", "query": ""})
    assert client.get(ACTIVITY).url == f"{ACTIVITY}?status=failed"
    assert other.get(ACTIVITY).status_code == 200  # the default of somebody else is not theirs
    offered = [(str(kept), own) for kept, _, own in other.get(ACTIVITY).context["cl"].saved_views]
    assert offered == [("Bad", False)]
    bad = SavedView.objects.get(name="Bad")
    delete = reverse("admin:rules_activityentry_delete_view", args=[bad.pk])
    assert (other.post(delete).status_code, client.post(delete).status_code) == (404, 302)


def test_episodes_are_one_row_with_their_course(client_of, alice, entries):
    rule, now = entries[0].rule, timezone.now()
    state = state_of(rule, now)
    facts = entries[0].context | {"episode": 1}
    for minutes, event in ((60, "rule_fired"), (50, "instance_acknowledged"), (20, "rule_resolved")):
        entry_of(rule, now - timedelta(minutes=minutes), event_type=event, state=state, context=facts)
    entry_of(rule, now, state=state, context=facts | {"episode": 2})
    changes = client_of(alice).get(ACTIVITY, {"group": "episode", "search": "-event:resolved"}).context["cl"]
    newest, first = changes.episodes
    assert (newest.ended, newest.acknowledged, changes.paginator.count) == (None, None, 2)
    assert (first.lasted, first.acknowledged) == (timedelta(minutes=40), timedelta(minutes=10))
    assert [step.event_type for step in first.steps] == ["rule_fired", "instance_acknowledged", "rule_resolved"]


def test_the_export_has_the_rows_and_columns_of_the_list(client_of, alice, entries):
    client = client_of(alice)
    changes = client.get(ACTIVITY, {"search": "-event:resolved", "columns": "time,person,result"}).context["cl"]
    address = changes.exports[0][0]
    lines = b"".join(client.get(address).streaming_content).decode().splitlines()
    assert (lines[0], len(lines) - 1) == ("time,person,result", len(changes.rows))


def test_an_incident_report_says_what_the_log_holds(client_of, alice, bob, entries):
    rule, now = entries[0].rule, timezone.now()
    state = state_of(rule, now)
    facts = entries[0].context | {"episode": 1, "by_name": "*Mallory* | <b>"}
    for minutes, event in ((60, "rule_fired"), (50, "instance_acknowledged"), (20, "rule_resolved")):
        entry_of(rule, now - timedelta(minutes=minutes), event_type=event, state=state, context=facts)
    place = reverse("admin:rules_activityentry_report")
    page = client_of(alice).get(place, {"search": 'rule:"fusion score too low"'})
    report = page.context["report"]
    assert dict(report.summary)["Time to acknowledge"].startswith("median 10")
    assert dict(report.summary)["Resolved"] == "1 of 1"
    assert [question.split(" alert")[0] for question in report.questions] == ["1"]  # nobody was notified
    change_entries(rule.entries, action_taken="optimize")  # which notifies nobody by itself
    assert client_of(alice).get(place, {"search": 'rule:"fusion score too low"'}).context["report"].questions == []
    assert [title for title, _ in page.context["charts"]] == ["Fusion score too low"]
    file = client_of(alice).get(place, {"search": "alice", "format": "md"}).content.decode()
    assert r"\*Mallory\* \| \<b\> acknowledged the alert." in file
    assert "1 action failed: Timeout" in file
    assert "nothing to report" in client_of(bob).get(place).content.decode()


@pytest.mark.parametrize("group", ["", "episode"])
def test_what_nothing_can_match_is_an_empty_list(client_of, alice, entries, group):
    client, asked = client_of(alice), {"search": "person:nobody -rule:nothing", "group": group}
    page = client.get(ACTIVITY, asked)
    assert "No matching entries" in page.content.decode()
    assert client.get(page.context["cl"].report_address).status_code == 200
    assert len(b"".join(client.get(page.context["cl"].exports[0][0]).streaming_content).splitlines()) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"after": "0001-01-01T00:00"}, {"before": "9999-12-31T23:59"}, {"search": "after:0001-01-02 before:9999-12-30"},
        {"after": "2026-03-02", "before": "2026-03-01"}, {"search": "after:9999-12-31", "group": "episode"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_times_at_the_ends_of_the_calendar(client_of, alice, entries, asked, zone):
    alice.time_zone = zone
    alice.save()
    entry_of(entries[0].rule, datetime(1, 1, 1, 3, tzinfo=UTC), context={"severity": "x" * 900, "target": "y" * 900})
    client = client_of(alice)
    page = client.get(ACTIVITY, asked)
    assert page.status_code == 200
    for address in (page.context["cl"].earlier, page.context["cl"].later, page.context["cl"].all_time):
        assert not address or client.get(ACTIVITY + address).status_code == 200
    assert client.get(page.context["cl"].report_address).status_code in (200, 302)
