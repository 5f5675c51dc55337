"""Who changed what in the configuration, from what to what; and its undo."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from notifications.models import Channel, Delivery, EscalationPolicy, Mute
from rules.configuration.listing import changes_of, kind_of, visible_changes
from rules.lifecycle.bulk_edit import Edit, edit_together
from rules.models import ActivityEntry, AutomationRule, Integration, Silence
from rules.models.recorded import CHANGED, CREATED, DELETED
from smartagent.accounts.tokens import issue_token
from smartagent.kernel.command_line import command_line
from smartagent.kernel.formats import clock
from smartagent.models import User
from tests.rules.rule_cast import rule_of

SHELL = """
from notifications.models import EscalationPolicy
from rules.models import AutomationRule
from smartagent.models import User
root = User.objects.get(email="root@example.com")
EscalationPolicy.objects.create(user=root, name="Nights", steps=[])
CPU = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 80}
AutomationRule.objects.create(user=root, rule_name="Disk", **CPU)
"""
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
    assert api(audra)("post", f"/api/configuration-changes/{gone.pk}/undo/")[0] == 403  # she sees all, changes nothing
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
    assert [(each.old, each.new) for each in changes_of(found)] == [("members", "operators")]
    assert "Ada changed Bob: roles: members → operators" in client.get("/changes/?kind=person").content.decode()
    assert "Undo this change" in client.get(f"/changes/{found.pk}/").content.decode()


def latest(person, **facts):
    return visible_changes(person).filter(**facts).first()


@pytest.fixture
def undo_of(api, client_of):
    """Undoing a change by REST: the status, and the reason of a refusal. The page says the same before."""

    def of(person, entry):
        page = client_of(person).get(f"/changes/{entry.pk}/").content.decode()
        status, refusal = api(person)("post", f"/api/configuration-changes/{entry.pk}/undo/")
        assert ("Undo this change" in page) == (status == 204)
        return status, refusal["detail"][0] if refusal else ""

    return of


def test_roles_and_accounts_are_undone(api, undo_of, ada, bob, alice, audra, client_of):
    ask = api(ada)
    assert ask("patch", f"/api/people/{bob.pk}/", {"groups": ["operators"], "time_zone": "Asia/Tokyo"})[0] == 200
    change = latest(ada)
    assert undo_of(audra, change) == (403, "You may not change this object.")
    assert undo_of(ada, change) == (204, "")
    bob.refresh_from_db()
    assert (bob.time_zone, bob.groups.get().name) == ("UTC", "members")
    assert latest(ada).context["changes"] == "time zone: Asia/Tokyo → UTC; roles: operators → members"
    assert undo_of(ada, change) == (409, "Time zone has been changed since: it is UTC now.")
    # One's own name and zone, and what a program without the scope may not undo.
    client = client_of(alice)
    assert client.post("/profile/", {"full_name": "Alice B.", "time_zone": "Asia/Tokyo"}).status_code == 302
    own = latest(alice)
    assert own.context["changes"] == "name: Alice → Alice B.; time zone: UTC → Asia/Tokyo"
    _, token = issue_token(alice, "writes", scopes=["write"])
    refused = client.post(f"/api/configuration-changes/{own.pk}/undo/", headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, "scope admin" in refused.json()["detail"][0]) == (403, True)
    assert undo_of(alice, own)[0] == 204
    # Groups and tokens.
    _, group = ask("post", "/api/groups/", {"name": "on-call"})
    created = latest(ada)
    assert ask("patch", f"/api/groups/{group['id']}/", {"permissions": ["rules.view_silence"]})[0] == 200
    assert undo_of(ada, latest(ada))[0] == 204
    assert ask("get", f"/api/groups/{group['id']}/")[1]["permissions"] == []
    assert undo_of(ada, created)[0] == 204
    assert not Group.objects.filter(name="on-call").exists()
    assert ask("post", "/api/tokens/", {"name": "build", "scopes": ["read"]})[0] == 201
    assert undo_of(ada, latest(ada))[0] == 204
    assert undo_of(ada, latest(ada)) == (409, "A revoked token does not come back, because it was not kept. "
                                              "Create another.")  # fmt: skip
    assert ask("post", "/api/people/", {"email": "new@example.com"})[0] == 201
    assert undo_of(ada, latest(ada))[1].startswith("People and service accounts are not deleted")


def test_data_sources_queries_and_the_policy_are_undone(api, undo_of, ada, alice, client_of, settings):
    ask = api(ada)
    given = {"name": "prom", "address": "https://prom.example.com", "authentication": "bearer", "token": "topsecret"}
    _, source = ask("post", "/api/data-sources/", given)
    creation = latest(ada)
    address = f"/api/data-sources/{source['id']}/"
    assert ask("patch", address, {"timeout": 20, "token": "othersecret"})[0] == 200
    change = latest(ada)
    assert [(each.label, each.old, each.new) for each in changes_of(change)] == [
        ("timeout", "10", "20"), ("token", "", "")
    ]  # fmt: skip
    assert "Secrets are not restored" in client_of(ada).get(f"/changes/{change.pk}/").content.decode()
    assert api(alice)("post", f"/api/configuration-changes/{change.pk}/undo/")[0] == 404
    assert undo_of(ada, change)[0] == 204
    assert ask("get", address)[1]["timeout"] == 10
    assert ask("patch", address, {"token": "third"})[0] == 200
    assert undo_of(ada, latest(ada))[1].startswith("Secrets are not kept")
    assert ask("patch", address, {"address": "https://mimir.example.com", "token": "fourth"})[0] == 200
    assert undo_of(ada, latest(ada))[1].startswith("The former address is another server")
    query = {"name": "errors", "source": "prom", "expression": "up"}
    _, query = ask("post", "/api/metric-queries/", query)
    query_creation = latest(ada)
    assert ask("patch", f"/api/metric-queries/{query['id']}/", {"expression": "up == 0"})[0] == 200
    assert undo_of(ada, latest(ada))[0] == 204
    assert undo_of(ada, creation)[1] == "It has 1 query by now. Delete it on its page."
    assert [undo_of(ada, each)[0] for each in (query_creation, creation)] == [204, 204]
    assert undo_of(ada, change)[1].startswith("The object was deleted")
    # The automation policy, and its switch.
    assert ask("patch", "/api/optimizer/policy/", {"automatic_per_day": 9, "trusted_rate": 0.5})[0] == 200
    window = [{"days": [5, 6], "from": "22:00", "until": "06:00"}]
    assert ask("patch", "/api/optimizer/policy/", {"window": window})[0] == 200
    assert changes_of(latest(ada))[0].new == "days 5, 6, from 22:00, until 06:00"
    assert [undo_of(ada, each)[0] for each in visible_changes(ada)[:2]] == [204, 204]
    assert ask("patch", "/api/optimizer/policy/", {"stopped": True})[1]["automatic_per_day"] == 3
    stop = latest(ada)
    client = client_of(ada)
    settings.REAUTHENTICATION_MINUTES = 0  # the switch needs a recent sign-in, and so does its undo
    assert client.post(f"/changes/{stop.pk}/").url.startswith("/confirm/")
    assert client.post(f"/api/configuration-changes/{stop.pk}/undo/").status_code == 403
    settings.REAUTHENTICATION_MINUTES = 5
    assert undo_of(ada, stop)[0] == 204
    assert undo_of(ada, stop) == (409, "The optimizer has been resumed since.")
    assert "othersecret" not in "".join(str(each.context) for each in ActivityEntry.objects.filter(user=ada))


def test_silences_and_creations_are_undone(api, undo_of, alice, olga):
    ask, now = api(alice), timezone.now()
    silence = {"comment": "Upgrade", "metric": "cpu", "ends_at": (now + timedelta(hours=1)).isoformat()}
    _, made = ask("post", "/api/silences/", silence)
    creation, address = latest(alice), f"/api/silences/{made['id']}/"
    assert ask("patch", address, {"metric": "memory"})[0] == 200
    change = latest(alice)
    assert ask("post", f"{address}end/")[0] == 200
    ending = latest(alice)
    [ended] = changes_of(ending)
    assert (ended.label, ended.old, len(ended.new)) == ("ended early", "nothing", len(clock(now)))
    assert undo_of(alice, change) == (409, "The silence has ended. Create another.")
    assert undo_of(olga, ending)[0] == 204
    assert undo_of(alice, change)[0] == 204
    found = Silence.objects.get()
    assert (found.metric, found.cancelled_at, found.cancelled_by) == ("cpu", None, None)
    assert undo_of(alice, creation)[0] == 204
    assert undo_of(alice, creation) == (409, "The silence has ended. Create another.")
    Silence.objects.update(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    assert "The end is in the past" in undo_of(alice, latest(alice))[1]
    # What was created is deleted, unless something refers to it.
    body = {"rule_name": "New", "action_type": "log", **CPU}
    status, rule = ask("post", "/api/rules/", body)
    assert status == 201, rule
    assert undo_of(alice, latest(alice))[0] == 204
    assert AutomationRule.binned.get().pk == AutomationRule._base_manager.get(pk=rule["id"]).pk
    given = {"name": "Team", "kind": "slack", "settings": {"url": "https://hooks.slack.com/services/topsecret"}}
    assert ask("post", "/api/channels/", given)[0] == 201
    creation = latest(alice)
    delivery = Delivery.objects.create(user=alice, channel=Channel.objects.get(), title="One", expires_at=now)
    status, reason = undo_of(alice, creation)
    assert (status, "Other objects refer to it" in reason) == (409, True)
    delivery.delete()
    assert undo_of(alice, creation)[0] == 204
    assert not Channel.objects.exists()
    assert ask("patch", "/api/preferences/", {"digest_at": "09:30"})[0] == 200
    assert undo_of(alice, latest(alice))[0] == 204


def test_deleted_channels_and_policies_come_back(api, undo_of, alice, olga, audra, client_of):
    ask = api(alice)
    given = {"name": "Mail", "kind": "email", "settings": {"to": "alice@example.com"}}
    _, channel = ask("post", "/api/channels/", given)
    assert ask("delete", f"/api/channels/{channel['id']}/")[0] == 204
    deletion = latest(alice)
    page = client_of(alice).get(f"/changes/{deletion.pk}/").content.decode()
    assert "<td>Alice</td><td>nothing</td>" in page  # not her key
    owner = {"name": "owner", "old": "Alice", "new": "nothing", "secret": False}
    assert owner in ask("get", "/api/configuration-changes/")[1]["results"][0]["changes"]
    assert owner in ask("get", f"/api/configuration-changes/{deletion.pk}/")[1]["changes"]
    assert undo_of(audra, deletion)[0] == 403
    assert undo_of(alice, deletion) == (204, "")
    back = Channel.objects.get()
    assert (str(back.pk), back.user, back.name, back.config) == (
        channel["id"], alice, "Mail", {"to": "alice@example.com"}
    )  # fmt: skip
    assert latest(alice).event_type == CREATED
    assert undo_of(alice, deletion) == (409, "The object is there again.")
    back.delete()
    Channel.objects.create(user=alice, kind="email", name="Mail", config={})
    assert undo_of(alice, deletion) == (
        409, "The former values are not valid any more: You already have a channel with this name."
    )  # fmt: skip
    given = {"name": "Team", "kind": "slack", "settings": {"url": "https://hooks.slack.com/services/topsecret"}}
    _, channel = ask("post", "/api/channels/", given)
    assert ask("delete", f"/api/channels/{channel['id']}/")[0] == 204
    assert undo_of(alice, latest(alice))[1].startswith("Secrets are not kept")
    policy = {"name": "Nights", "steps": [{"after": "15m", "to": ["owner"]}], "repeats": 1}
    _, policy = api(olga)("post", "/api/escalation-policies/", policy)
    assert api(olga)("delete", f"/api/escalation-policies/{policy['id']}/")[0] == 204
    assert undo_of(olga, latest(olga))[0] == 204
    found = EscalationPolicy.objects.get()
    assert (found.steps, found.repeats, found.user) == ([{"after": 900, "to": ["owner"]}], 1, olga)


def test_mutes_the_bin_and_commands(api, undo_of, alice, client_of, monkeypatch):
    ask = api(alice)
    rule = rule_of(alice, rule_name="CPU", **CPU)
    assert ask("post", "/api/mutes/", {"rule": str(rule.pk), "until": "2030-03-02T10:00:00Z"})[0] == 201
    until = clock(datetime(2030, 3, 2, 10, tzinfo=UTC))
    assert changes() == [("created", "mute", "CPU", [("until", "nothing", until)])]
    assert undo_of(alice, latest(alice))[0] == 204
    assert not Mute.objects.exists()
    client = client_of(alice)
    client.post("/preferences/", {"rule": str(rule.pk), "length": "ever", "mute": "1"})
    client.post("/preferences/", {"unmute": str(Mute.objects.get().pk)})
    assert [each[:3] for each in changes()[1:]] == [
        ("deleted", "mute", "CPU"), ("created", "mute", "CPU"), ("deleted", "mute", "CPU")
    ]  # fmt: skip
    assert ask("delete", f"/api/rules/{rule.pk}/")[0] == 204
    client.post("/rules/bin/do/", {"rule": str(rule.pk), "do": "delete"})
    gone = latest(alice)
    assert (gone.event_type, gone.context["name"], gone.context["reason"]) == (DELETED, "CPU", "deleted permanently")
    assert undo_of(alice, gone)[0] == 409
    # By commands: who it was is the command line, with the user of the operating system.
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a password of many words")
    call_command("createsuperuser", "--noinput", email="root@example.com", stdout=StringIO())
    call_command("shell", command=SHELL, stdout=StringIO())
    by, root = str(command_line()), User.objects.get(email="root@example.com")
    assert [(kind_of(each), each.context["by_name"]) for each in visible_changes(root)[:3]] == [
        ("rule", by), ("escalation policy", by), ("person", by)
    ]  # fmt: skip
    assert "by" not in latest(root).context
