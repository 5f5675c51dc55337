"""Sound forms, filled from their initial values, with the ids of another person: nothing of theirs changes or shows."""

import sys

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.smartagent.permissions.addresses import address_of
from tests.smartagent.permissions.forms import contexts, data_of
from tests.smartagent.permissions.matrix import matrix
from tests.smartagent.permissions.routes import PARAMETER
from tests.smartagent.permissions.test_changes_by_others import Watch
from tests.smartagent.rest.request_bodies import request_of

OTHER = ("/api/", "/functions/", "/rest/v1/", "/write", "/v1/")
MATRIX = matrix()
PAGES = [
    row for row, answers in MATRIX.items()
    if row.startswith("POST ") and answers["own"] == "ok" and not row.partition(" ")[2].startswith(OTHER)
    and not row.startswith(("POST /logout/", "POST /login/", "POST /password"))
]  # fmt: skip
# What a browser sends beside the forms that templates are given, so that the rest is sound.
FILLED = {
    "POST /silences/add/": {
        "comment": "Upgrade",
        "metric": "cpu",
        "length": "1h",
        "repeats": "",
        "rule": "",
        "person": "",
    },
    "POST /escalation/add/": {"name": "Mine", "repeats": "0", "step-0-after": "15m", "step-0-to": "owner"},
    "POST /optimizations/new/": {"metric": "fusion_score", "operator": "<", "threshold": "70"},
    "POST /tokens/add/": {"name": "mine", "scopes": ["read"]},
    "POST /channels/add/<slug:kind>/": {"name": "Mine", "to": "alice@example.com"},
    "POST /firing/<uuid:state_id>/handle/": {"verb": "assign", "person": ""},
    "POST /silences/<uuid:silence_id>/extend/": {"by": "1h"},
    "POST /rules/<uuid:rule_id>/restore/": {"version": "1"},
    "POST /preferences/": {"mute": "1", "length": "1h", "rule": ""},
    "POST /rules/bin/do/": {"do": "delete", "rule": ""},
    "POST /rules/trial/": {"trial_days": "7", "trial_scope": "one", "trial_rule": "", "trial_person": ""},
    "POST /notifications/<uuid:pk>/snooze/": {"length": "1h"},
}
LISTS = ("firing", "integrations", "rules", "silences", "channels", "deliveries", "escalation", "notifications",
         "optimizations", "tokens", "people", "service-accounts", "data-sources", "metric-queries")  # fmt: skip
CONFIRMED = {"select_across": "0", "post": "yes", "step": "apply", "verb": "acknowledge", "note": "x", "for": "7d",
             "comment": "x", "severity": "low", "change_severity": "on"}  # fmt: skip


@pytest.fixture(scope="module")
def description():
    """The description of the API."""
    return SchemaGenerator().get_schema(public=True)


@pytest.fixture
def watch(things, bob):
    """Watches what is Bob's; his name is not shown either."""
    found = Watch(things)
    found.keys |= {bob.email, "Nights_of_bob", "group_of_bob"}
    return found


def ids_of_bob(bob, known):
    """Values that name what is Bob's, by the word at the end of a field's name."""
    words = {
        "user owner person person_id assignee created_by trial_person": [str(bob.pk), bob.email],
        "recipients to": [bob.email, "group:group_of_bob"],
        "rule rules rule_id trial_rule": [known["rules"], known["binned"]],
        "channel channels": [known["channels"]],
        "escalation policy": ["Nights_of_bob", known["escalation-policies"]],
        # Neither `target` nor `target_integration`: the type of an integration, among one's own.
        "integration": [known["integrations"]],
        "unmute": [known["mutes"]], "state": [known["states"]], "view": [known["views"]],
    }  # fmt: skip
    return {word: values for some, values in words.items() for word in some.split()}


def word_of(name):
    """The word of a field's name by which it is known: `recipients` of `option__alert__recipients`."""
    return name.rpartition("__")[2].rpartition("-")[2]


@pytest.mark.usefixtures("no_limits")
def test_no_form_takes_the_ids_of_others(callers, watch, bob, things, capsys):
    alice, foreign, of_alice = callers["own"], ids_of_bob(bob, things["bob"]), Watch({"bob": things["alice"]})
    beside = {name: values[0] for name, values in foreign.items() if name not in ("unmute", "recipients")}
    answers = {}
    for row in PAGES:
        get = f"GET{row[4:]}"
        with contexts() as seen:
            if get in MATRIX:
                alice.call(get, address_of(get, alice.things), None)
            data = data_of(seen) | FILLED.get(row, {})
            answers[row] = of_alice.call(row, alice, data, form=True)
            # Fields that the form does not have, as somebody would add them by hand.
            watch.call(row, alice, beside | data, form=True)
            watch.call(row, alice, beside | data, f"?person={bob.pk}&user={bob.pk}", form=True)
        names = data if "channels" not in row else data.keys() - {"to"}  # any address may get one's own messages
        for name in names:
            for value in foreign.get(word_of(name), []):
                watch.call(row, alice, data | {name: value}, form=True)
    done = [row for row, (tables, _) in of_alice.found.items() if tables]
    with capsys.disabled():
        words = f"{watch.calls:,} sent from {len(PAGES)} pages, {len(watch.found)} leaks; {len(done)} sound ones change"
        sys.stdout.write(f"\nForms with the ids of others: {words}\n")
    assert watch.found == {}
    assert [row for row, answer in answers.items() if answer == "500"] == []
    assert len(done) >= 26


@pytest.mark.usefixtures("only_permissions", "no_limits")
def test_no_operation_takes_the_ids_of_others(callers, watch, bob, things, description, capsys):
    alice, foreign = callers["own"], ids_of_bob(bob, things["bob"])
    known = things["alice"] | {"soon": "2026-03-02T10:00:00Z", "later": "2030-03-02T10:00:00Z"}
    answers = {}
    for row in [row for row in MATRIX if row.startswith(("POST /api/", "PUT /api/", "PATCH /api/"))]:
        method, _, route = row.partition(" ")
        operation = description["paths"].get(PARAMETER.sub("{id}", route), {}).get(method.lower())
        if not operation:
            continue
        body = request_of(operation["operationId"], operation, known) or {}
        if not isinstance(body, dict):
            continue
        fields = {name: values for name, values in foreign.items() if name in properties_of(operation, description)}
        if "action_config" in properties_of(operation, description):
            fields["action_config"] = [{"recipients": [value]} for value in foreign["recipients"]]
            fields["action_config"].append({"escalation": "Nights_of_bob"})
        for name, values in fields.items():
            for value in values:
                as_list = isinstance(body.get(name), list)
                sent = body | {name: [value] if as_list else value}
                answers[row, name] = watch.call(row, alice, sent)
    with capsys.disabled():
        sys.stdout.write(f"\nOperations with the ids of others: {watch.calls:,} sent, {len(watch.found)} leaks\n")
    assert watch.found == {}
    assert [each for each, answer in answers.items() if answer == "500"] == []
    assert len(answers) > 20


def properties_of(operation, description):
    """The names of the fields of the body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    return description["components"]["schemas"].get(name, content).get("properties", {})


@pytest.mark.usefixtures("no_limits")
@pytest.mark.parametrize("name", ["nobody", "other", "auditor", "operator", "admin"])
def test_bulk_actions_with_the_ids_of_others(callers, things, name):
    caller, watch, actions = callers[name], Watch(things), 0
    for kind in LISTS:
        row, address = f"POST /{kind}/", f"/{kind}/"
        with contexts() as seen:
            caller.call(row.replace("POST", "GET"), address, None)
            forms = [context["action_form"] for context in seen if context.get("action_form")]
            for action in [value for form in forms for value, _ in form.fields["action"].choices if value]:
                key = things["bob"].get(kind, "")
                watch.call(row, caller, CONFIRMED | {"action": action, "_selected_action": [key]}, form=True)
                actions += 1
    changed = {row for row, (tables, _) in watch.found.items() if tables}
    if name in ("operator", "admin"):
        assert len(changed) > 5
    else:
        assert changed == set()
    sys.stdout.write(f"{name}: {actions} actions, {len(changed)} changes\n")
