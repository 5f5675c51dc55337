"""Rows of every resource: names, links, the objects that they refer to, chosen fields, counts; no query in a loop."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Channel, Delivery, EscalationPolicy, Notification
from optimizer.models import OptimizationEvent
from rules.models import ActivityEntry, AutomationRule, Integration, RuleState, Silence
from smartagent.accounts.tokens import issue_token
from smartagent.bench.api.objects import known_things
from smartagent.rest import pagination
from tests.api import Program
from tests.conftest import person

RESOURCES = [
    "rules", "states", "activity", "silences", "runs", "integrations", "data-sources", "metric-queries",
    "notifications", "escalation-policies", "escalations", "mutes", "channels", "deliveries", "optimizations",
    "configuration-changes", "people", "groups", "tokens",
]  # fmt: skip


def test_each_row_has_links_names_and_on_request_what_it_refers_to(ada, now, no_limits):
    known = known_things(ada, now)
    OptimizationEvent.objects.filter(pk=known["optimizations"]).update(source_event_type="smart_agent_x")
    program = Program(ada)
    described = program.get("schema/")["paths"]
    for resource in RESOURCES:
        names = {each["name"]: each["schema"] for each in described[f"/api/{resource}/"]["get"]["parameters"]}
        expandable = names.get("expand", {"items": {"enum": []}})["items"]["enum"]
        query = f"?expand={','.join(expandable)}" if expandable else ""
        rows = program.get(f"{resource}/{query}")["results"]
        row = next(each for each in rows if str(each["id"]) == known[resource])
        single = program.get(f"{resource}/{row['id']}/{query}")
        assert {name: single[name] for name in row} == row, resource
        assert row["sentence"], resource
        assert {"self", "page"} <= row["links"].keys(), resource
        assert set(row.get("expanded", {})) == set(expandable)
        for name, address in row["links"].items():
            assert address.startswith("http://testserver/")
            assert program.client.get(address).status_code == 200, (resource, name)
        for name in expandable:
            assert (row["expanded"][name] is None) == (row[name] is None), (resource, name)
            assert row["expanded"][name] is None or row["expanded"][name]["id"] == row[name]
            assert f"{name}_name" not in row or bool(row[f"{name}_name"]) == bool(row[name])
        assert names["fields"]["items"]["enum"][0] == "id"
        only = program.get(f"{resource}/?fields=id,links")["results"][0]
        assert list(only) == ["id", "links"]
        assert list(program.get(f"{resource}/{row['id']}/?fields=id")) == ["id"]


NOT_OF_MEMBERS = ("data-sources", "metric-queries", "groups", "people")
SENTENCES = {
    "runs": "In progress. Started 3m late.",
    "notifications": "Low: unread.",
    "deliveries": "Low, by mail: due. The channel is disabled.",
    "channels": "E-mail to a@example.com: disabled.",
    "integrations": "slack of Alice is inactive.",
    "mutes": "Low is muted until unmuted.",
    "escalation-policies": "After 15m: owner.",
    "escalations": "Low: step 1 of 1.",
    "configuration-changes": "Alice changed the integration “slack”: status active → inactive.",
}


def test_rows_in_words(alice, olga, now):
    known = known_things(alice, now)
    RuleState.objects.update(condition="firing", value=63)
    Delivery.objects.update(status="due", channel=known["channels"], channel_name="mail")
    Channel.objects.update(enabled=False)
    rows = {name: Program(alice).get(f"{name}/{known[name]}/") for name in RESOURCES if name not in NOT_OF_MEMBERS}
    assert rows["rules"]["sentence"].startswith("When the fusion score of Alice is below 70, alert Alice")
    assert (rows["rules"]["user_name"], rows["states"]["rule_name"]) == ("Alice", "Low")
    assert rows["states"]["sentence"] == "Low is firing: 63 (below 70)."
    assert rows["silences"]["sentence"].startswith("2 Mar 2026, 10:00")
    assert {name: rows[name]["sentence"] for name in SENTENCES} == SENTENCES
    assert rows["tokens"]["sentence"].endswith("…): full; expires 11 Apr 2026, 10:00.")
    assert (
        Program(olga).get("groups/?fields=sentence")["results"][0]["sentence"].startswith("administrators: 0 people, ")
    )


def test_what_one_may_not_see_is_not_expanded(alice, olga, now):
    rule = AutomationRule.objects.create(
        user=olga, rule_name="All", metric_type="cpu", condition_operator=">", threshold_value=1, action_type="log",
        applies_to="everyone",
    )  # fmt: skip
    entry = ActivityEntry.objects.create(user=alice, rule=rule, event_type="rule_fired")
    seen = Program(alice).get(f"activity/{entry.pk}/?expand=rule,user")
    me = {"id": str(alice.pk), "name": "Alice", "email": alice.email}
    assert seen["expanded"] == {"rule": None, "user": me}
    own = AutomationRule.objects.create(
        user=alice, rule_name="Own", metric_type="cpu", condition_operator=">", threshold_value=1, action_type="log",
    )  # fmt: skip
    state = RuleState.objects.create(rule=own, user=alice, since=now, handled_by=olga)
    seen = Program(alice).get(f"states/{state.pk}/?expand=handled_by")
    assert (seen["handled_by_name"], seen["expanded"]) == ("Olga", {"handled_by": None})  # as on its page
    silence = Silence.objects.create(user=olga, created_by=olga, comment="c", metric="x", starts_at=now, ends_at=now)
    RuleState.objects.update(silence=silence)
    for who, name in ((alice, None), (olga, "c")):
        assert Program(who).get(f"states/{state.pk}/")["silence_name"] == name


@pytest.mark.parametrize(("query", "error"), [
    ("fields=id,nothing", "“nothing” is not one of: id, user, rule, "),
    ("expand=rule,context", "“context” is not one of: user, rule, run."),
    ("count=many", "“many” is not one of: none, estimated, exact."),
])  # fmt: skip
def test_what_cannot_be_shown(alice, query, error):
    found = Program(alice).get(f"activity/?{query}", status=400)
    assert list(found) == [query.partition("=")[0]]
    assert found[query.partition("=")[0]][0].startswith(error)


def of_each(people, now, start):
    """A row of each kind for each of `people`, with an object of its own for each relation."""
    for number, user in enumerate(people, start):
        rule = AutomationRule.objects.create(
            user=user, rule_name=f"r{number}", metric_type="cpu", condition_operator=">", threshold_value=1,
            action_type="alert",
        )  # fmt: skip
        silence = Silence.objects.create(
            user=user, rule=rule, person=user, created_by=user, comment="c", starts_at=now,
            ends_at=now + timedelta(hours=1),
        )  # fmt: skip
        RuleState.objects.create(
            rule=rule, user=user, since=now, silence=silence, handled_by=user, assignee=user, value=1
        )  # fmt: skip
        ActivityEntry.objects.create(user=user, rule=rule, event_type="rule_fired")
        sent = Notification.objects.create(user=user, rule=rule, type="alert", title="t", message="m", metadata={})
        channel = Channel.objects.create(user=user, kind="email", name="mail", config={"to": "a@example.com"})
        made = {"user": user, "rule": rule, "notification": sent, "channel": channel, "title": "t", "expires_at": now}
        bundle = Delivery.objects.create(**made, status="due", created_at=now)
        Delivery.objects.create(**made, status="bundled", bundle=bundle)
        Integration.objects.create(user=user, integration_type="slack")
        EscalationPolicy.objects.create(user=user, name=f"p{number}", steps=[{"after": 900, "to": ["owner"]}])
        issue_token(user, "t", None)
        OptimizationEvent.objects.create(
            user=user, rule=rule, source_event_type="smart_agent_x", optimization_action="auto", status="approved",
            approved_by=user, decided_by=user,
        )  # fmt: skip


EXPANDED = [
    "rules/?expand=user", "states/?expand=rule,user,silence,handled_by,assignee", "activity/?expand=user,rule",
    "silences/?expand=user,rule,person,created_by", "notifications/?expand=user,rule", "channels/?expand=user",
    "deliveries/?expand=user,notification,rule,channel,bundle", "people/", "tokens/?expand=user",
    "integrations/?expand=user", "escalation-policies/?expand=user",
    "optimizations/?expand=user,rule,approved_by,decided_by",
]  # fmt: skip


def test_more_rows_need_no_more_queries(ada, now, no_limits):
    people = [person(f"P{number}", "members") for number in range(5)]
    program, counts = Program(ada), {}
    for some in (people[:1], people[1:]):
        of_each(some, now, len(some))
        for address in EXPANDED:
            with CaptureQueriesContext(connection) as queries:
                found = program.get(address)["results"]
            assert len(found) >= len(some)
            assert None not in found[0].get("expanded", {}).values(), address
            before = counts.setdefault(address, len(queries))
            assert len(queries) == before, (address, [each["sql"][:150] for each in queries.captured_queries])


def test_rows_are_counted_on_request(alice, now, monkeypatch):
    of_each([alice], now, 1)
    ActivityEntry.objects.bulk_create(ActivityEntry(user=alice, event_type="rule_fired") for _ in range(30))
    program = Program(alice)
    assert "count" not in program.get("activity/")
    exact, estimated = (program.get(f"activity/?page_size=2&count={how}") for how in ("exact", "estimated"))
    assert [(each["count"], each["count_is_exact"]) for each in (exact, estimated)] == [(31, True), (31, True)]
    monkeypatch.setattr(pagination, "MAX_COUNTED", 10)
    found = program.get("activity/?event=rule_fired&count=estimated")
    assert (found["count_is_exact"], found["count"] > 10) == (False, True)
    assert program.get(program.get("activity/?page_size=2&count=exact")["next"])["count"] == 31
