"""Who changed what in the configuration, from what to what; and its undo."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from notifications.models import Channel, EscalationPolicy
from rules.configuration.listing import changes_of, kind_of, visible_changes
from rules.lifecycle.bulk_edit import Edit, edit_together
from rules.models import ActivityEntry, AutomationRule, Integration, Silence
from rules.models.recorded import CHANGED, CREATED, DELETED
from smartagent.accounts.tokens import issue_token
from tests.rules.rule_cast import rule_of

CPU = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 80}


@pytest.fixture
def api(client_of):
    """Requests by REST as a person; each answers with its status and body."""

    def of(person):
        _, token = issue_token(person, "program")
        client = client_of(person)

        def ask(method, path, body=None):
            answer = getattr(client, method)(
                path, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
            )
            return answer.status_code, answer.json() if answer.content else None

        return ask

    return of


def changes(**facts):
    """The changes that were written, newest last, as (event, kind, name, changes)."""
    found = ActivityEntry.objects.filter(event_type__in=[CREATED, CHANGED, DELETED], **facts).order_by("created_at")
    return [
        (
            each.event_type.removeprefix("configuration_"), kind_of(each), each.context["name"],
            [(change.label, change.old, change.new) for change in changes_of(each)],
        )
        for each in found
    ]  # fmt: skip


def test_a_rule_by_rest_compared_and_undone(api, alice, bob, client_of):
    ask = api(alice)
    rule = rule_of(alice, rule_name="CPU", severity="medium", **CPU)
    assert changes() == []  # no person did it
    assert ask("patch", f"/api/rules/{rule.pk}/", {"threshold_value": 90, "pending_for": "5m"})[0] == 200
    assert changes() == [("changed", "rule", "CPU", [("threshold", "80", "90"), ("pending period", "0", "5m")])]
    _, listed = ask("get", f"/api/configuration-changes/?kind=rule&object={rule.pk}&by={alice.pk}&name=cp")
    [row] = listed["results"]
    assert (row["kind"], row["name"], row["by"], row["by_name"]) == ("rule", "CPU", str(alice.pk), str(alice))
    assert "Alice changed the rule “CPU”" in row["sentence"]
    page = client_of(alice).get("/changes/?kind=rule&name=CPU").content.decode()
    assert "<del>80</del> → <ins>90</ins>" in page
    address = f"/changes/{row['id']}/"
    assert "Undo this change" in client_of(alice).get(address).content.decode()
    # Who may not see it finds nothing; who may not change it cannot undo it.
    assert client_of(bob).get(address).status_code == 404
    assert api(bob)("post", f"/api/configuration-changes/{row['id']}/undo/")[0] == 404
    assert ask("post", f"/api/configuration-changes/{row['id']}/undo/") == (204, None)
    rule.refresh_from_db()
    assert (rule.threshold_value, rule.pending_for) == (80, timedelta(0))
    assert len(changes()) == 2
    # A second time there is nothing to undo: the values are not those of the change any more.
    status, refusal = ask("post", f"/api/configuration-changes/{row['id']}/undo/")
    assert status == 409
    assert "has been changed since" in refusal["detail"][0]
    assert "Cannot be undone" in client_of(alice).get(address).content.decode()


def test_many_rules_at_once_and_those_of_the_bin(api, olga, alice, audra, django_assert_max_num_queries):
    rules = [rule_of(alice, rule_name=f"Rule {number}", **CPU) for number in range(5)]
    now = timezone.now()
    with django_assert_max_num_queries(14):  # however many there are
        edit_together(AutomationRule.objects.all(), Edit(values={"severity": "low"}), olga, now)
    assert len(changes(context__reason="bulk edit", context__by=str(olga.pk))) == 5
    ask = api(alice)
    assert ask("delete", f"/api/rules/{rules[0].pk}/")[0] == 204
    [gone] = visible_changes(alice).filter(event_type=DELETED)
    assert api(audra)("post", f"/api/configuration-changes/{gone.pk}/undo/")[0] == 409  # she sees all, changes nothing
    assert ask("post", f"/api/configuration-changes/{gone.pk}/undo/")[0] == 204
    assert AutomationRule.objects.get(pk=rules[0].pk).status == "paused"
    assert ask("post", f"/api/configuration-changes/{gone.pk}/undo/")[0] == 409


def test_channels_policies_integrations_silences_and_preferences(api, alice, olga, client_of):
    ask, now = api(alice), timezone.now()
    given = {"name": "Team", "kind": "slack", "settings": {"url": "https://hooks.slack.com/services/topsecret"}}
    status, channel = ask("post", "/api/channels/", given)
    assert status == 201, channel
    assert ask("patch", f"/api/channels/{channel['id']}/", {"name": "Ops"})[0] == 200
    assert changes(context__kind="channel")[1] == ("changed", "channel", "Ops", [("name", "Team", "Ops")])
    row = visible_changes(alice).get(event_type=CHANGED, context__kind="channel")
    assert ask("post", f"/api/configuration-changes/{row.pk}/undo/")[0] == 204
    assert Channel.objects.get().name == "Team"
    assert ask("delete", f"/api/channels/{channel['id']}/")[0] == 204
    assert changes(context__kind="channel")[-1][:3] == ("deleted", "channel", "Team")
    integration = Integration.objects.create(user=alice, integration_type="slack", status="active")
    body = {"status": "inactive", "config": {"room": "a", "api_token": "x"}, "credentials": {"key": "topsecret"}}
    assert ask("patch", f"/api/integrations/{integration.pk}/", body)[0] == 200
    [(_, _, _, found)] = changes(context__kind="integration")
    assert set(found) >= {("status", "active", "inactive"), ("settings: room", "nothing", "a"), ("secrets", "", "")}
    policy = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 900, "to": ["owner"]}])
    assert api(olga)("patch", f"/api/escalation-policies/{policy.pk}/", {"repeats": 2})[0] == 200
    assert changes(context__kind="escalation policy") == [
        ("changed", "escalation policy", "Nights", [("repeat", "0", "2")])
    ]
    silence = {"comment": "Upgrade", "metric": "cpu", "ends_at": (now + timedelta(hours=1)).isoformat()}
    status, made = ask("post", "/api/silences/", silence)
    assert status == 201, made
    assert ask("post", f"/api/silences/{made['id']}/end/")[0] == 200
    assert [each[0] for each in changes(context__kind="silence")] == ["created", "changed"]
    assert Silence.objects.get().cancelled_at
    assert ask("patch", "/api/preferences/", {"digest_at": "09:30"})[0] == 200
    assert changes(context__kind="preferences")[-1][3] in (
        [("daily digest at", "08:00:00", "09:30:00")], [("daily digest at", "nothing", "09:30:00")]
    )  # fmt: skip
    assert "topsecret" not in "".join(str(each.context) for each in ActivityEntry.objects.all())


@pytest.mark.parametrize("context", [
    {}, [], "text", {"kind": "rule"}, {"kind": "rule", "object": "none", "changes": 5}, {"kind": ["rule"]},
    {"kind": "rule", "object": "OBJECT", "changes": [None, {}, {"field": 5}, {"field": "no_such", "to": 1}]},
    {"kind": "rule", "object": "OBJECT", "changes": [{"field": "user", "from": "OBJECT", "to": "OWNER"}]},
    {"kind": "rule", "object": "OBJECT", "changes": [{"field": "threshold_value", "from": {"a": []}, "to": "80"}]},
])  # fmt: skip
def test_whatever_another_program_wrote_is_shown_and_changes_nothing(client_of, alice, context):
    rule = rule_of(alice, **CPU)
    given = json.loads(json.dumps(context).replace("OBJECT", str(rule.pk)).replace("OWNER", str(alice.pk)))
    entry = ActivityEntry.objects.create(user=alice, event_type=CHANGED, action_taken="x", context=given)
    client = client_of(alice)
    assert client.get("/changes/").status_code == 200
    assert "Cannot be undone" in client.get(f"/changes/{entry.pk}/").content.decode()
    assert client.post(f"/changes/{entry.pk}/").status_code == 302
    before = rule.updated_at
    rule.refresh_from_db()
    assert (rule.user, rule.threshold_value, rule.updated_at) == (alice, 80, before)


def test_roles_of_a_person(client_of, ada, bob):
    client = client_of(ada)
    page = client.get(f"/people/{bob.pk}/change/")
    form = {
        "email": bob.email, "full_name": "Bob", "time_zone": "UTC", "is_active": "on",
        "groups": [Group.objects.get(name="operators").pk],
    }  # fmt: skip
    assert page.status_code == 200
    client.post(f"/people/{bob.pk}/change/", form)
    [found] = visible_changes(ada)
    assert (kind_of(found), found.context["changes"]) == ("person", "roles: members → operators")
    assert "Ada changed Bob: roles: members → operators" in client.get("/changes/?kind=person").content.decode()
    assert "Undo this change" not in client.get(f"/changes/{found.pk}/").content.decode()
