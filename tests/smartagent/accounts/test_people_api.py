"""People and groups by REST: administrators manage them, everybody sees themself, and no answer has a password hash."""

import json

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from smartagent.accounts.tokens import issue_token
from smartagent.models import User

JSON = "application/json"


@pytest.fixture
def admin(client_of, ada):
    return client_of(ada)


def sentences():
    return [entry_in_words(entry) for entry in ActivityEntry.objects.order_by("created_at")]


def emails(client, **filters):
    return {each["email"] for each in client.get("/api/people/", filters).json()["results"]}


def test_who_sees_whom(client_of, admin, ada, alice, audra):
    everybody = {person.email for person in (ada, alice, audra)}
    assert emails(client_of(alice)) == {alice.email}
    assert emails(client_of(audra)) == emails(admin) == everybody
    assert client_of(alice).get(f"/api/people/{ada.pk}/").status_code == 404
    assert client_of(alice).get(f"/api/people/{alice.pk}/").json()["groups"] == ["members"]
    for client in (client_of(alice), client_of(audra)):
        assert client.post("/api/people/", {"email": "x@example.com"}, content_type=JSON).status_code == 403
        assert client.patch(f"/api/people/{alice.pk}/", {"is_staff": True}, content_type=JSON).status_code in (403, 404)
    assert emails(admin, name="ALI") == emails(admin, group="members", name="alice@") == {alice.email}
    assert emails(admin, active="no") == emails(admin, service_account="yes") == set()
    assert "argon2" not in admin.get("/api/people/").content.decode() + admin.get("/api/me/").content.decode()


def test_an_added_person_signs_in_by_a_password_that_is_shown_once(admin):
    sent = {"email": "Grace@Example.com", "full_name": "Grace", "groups": ["members", "operators"]}
    added = admin.post("/api/people/", sent, content_type=JSON)
    assert added.status_code == 201
    assert added["Cache-Control"] == "no-store"
    grace = added.json()
    assert (grace["email"], grace["groups"], grace["is_active"]) == (
        "grace@example.com",
        ["members", "operators"],
        True,
    )
    assert Client().login(username="grace@example.com", password=grace["generated_password"])
    assert "generated_password" not in admin.get(f"/api/people/{grace['id']}/").json()
    assert sentences()[0] == "Ada added Grace (grace@example.com). Roles: members, operators."
    assert grace["generated_password"] not in json.dumps(list(ActivityEntry.objects.values()), default=str)


def test_a_change_is_conditional_and_logged(admin, alice):
    address = f"/api/people/{alice.pk}/"
    tag = admin.get(address)["ETag"]
    changed = admin.patch(address, {"groups": ["operators"]}, content_type=JSON, headers={"If-Match": tag})
    assert changed.json()["groups"] == ["operators"]
    assert changed["ETag"] != tag
    late = admin.patch(address, {"is_active": False}, content_type=JSON, headers={"If-Match": tag})
    assert late.status_code == 412
    assert sentences() == ["Ada changed Alice: roles: members → operators."]


def test_a_role_changes_by_a_token_with_the_scope_admin_only(ada, alice):
    writer = Client(headers={"Authorization": f"Bearer {issue_token(ada, 'x', None, ['read', 'write'])[1]}"})
    refused = writer.patch(f"/api/people/{alice.pk}/", {"groups": ["administrators"]}, content_type=JSON)
    assert refused.status_code == 403
    assert "lacks the scope admin" in refused.content.decode()


def test_a_service_account(admin, ada, alice):
    sent = {"full_name": "Grafana", "is_service_account": True, "owner": ada.email, "groups": ["auditors"]}
    made = admin.post("/api/people/", sent, content_type=JSON)
    assert made.status_code == 201
    account = made.json()
    assert (account["generated_password"], account["owner"]) == (None, str(ada.pk))
    assert not User.objects.get(pk=account["id"]).has_usable_password()
    moved = admin.patch(f"/api/people/{account['id']}/", {"owner": str(alice.pk)}, content_type=JSON)
    assert moved.json()["owner"] == str(alice.pk)
    assert sentences()[-1] == "Ada changed the service account Grafana: owner: Ada → Alice."


@pytest.mark.parametrize(("sent", "field"), [
    ({}, "email"),
    ({"email": "no address"}, "email"),
    ({"email": "ALICE@example.com"}, "email"),
    ({"email": "x@example.com", "time_zone": "Mars"}, "time_zone"),
    ({"email": "x@example.com", "groups": ["nobodies"]}, "groups.0"),
    ({"email": "x@example.com", "password": "x"}, "password"),
    ({"email": "x@example.com", "owner": "alice@example.com"}, "owner"),
    ({"full_name": "x", "is_service_account": True}, "owner"),
    ({"full_name": "x", "is_service_account": True, "owner": "nobody@example.com"}, "owner"),
    ({"full_name": "x", "is_service_account": True, "owner": "alice@example.com", "email": "x@example.com"}, "email"),
])  # fmt: skip
def test_bad_input_names_its_field(admin, alice, sent, field):
    refused = admin.post("/api/people/", sent, content_type=JSON)
    assert (refused.status_code, list(refused.json())) == (400, [field])


def test_an_administrator_is_kept_from_superusers_and_from_locking_themself_out(admin, ada, client_of):
    manager = User.objects.create_user("manager@example.com", None, full_name="Manager")
    manager.groups.set(Group.objects.filter(name="administrators"))
    client = client_of(manager)
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    assert client.patch(f"/api/people/{ada.pk}/", {"is_active": False}, content_type=JSON).status_code == 403
    for field in ({"is_superuser": True}, {"is_active": False}):
        assert client.patch(f"/api/people/{manager.pk}/", field, content_type=JSON).status_code == 400


def test_groups(admin, client_of, alice):
    assert [each["name"] for each in client_of(alice).get("/api/groups/").json()["results"]] == ["members"]
    made = admin.post("/api/groups/", {"name": "on call", "permissions": ["rules.view_dispatchrun"]}, content_type=JSON)
    assert made.status_code == 201
    group = made.json()
    assert (group["permissions"], group["people"], group["is_fixed"]) == (["rules.view_dispatchrun"], 0, False)
    address = f"/api/groups/{group['id']}/"
    assert admin.patch(address, {"permissions": []}, content_type=JSON).json()["permissions"] == []
    refused = admin.patch(address, {"permissions": ["auth.change_permission"]}, content_type=JSON)
    assert list(refused.json()) == ["permissions"]
    admin.patch(f"/api/people/{alice.pk}/", {"groups": ["members", "on call"]}, content_type=JSON)
    assert admin.get(address).json()["people"] == 1
    assert client_of(alice).delete(address).status_code == 403
    assert admin.delete(address, headers={"If-Match": '"old"'}).status_code == 412
    assert admin.delete(address).status_code == 204
    role = next(each for each in admin.get("/api/groups/").json()["results"] if each["name"] == "operators")
    assert admin.patch(f"/api/groups/{role['id']}/", {"permissions": []}, content_type=JSON).status_code == 409
    assert admin.post("/api/groups/", {"name": "Operators"}, content_type=JSON).status_code == 400
    told = sentences()
    assert told[0] == "Ada created the group on call (rules.view_dispatchrun)."
    assert told[1] == "Ada changed the group on call (rules.view_dispatchrun) → on call (no permissions)."
    assert told[-1] == "Ada deleted the group on call (no permissions)."


def test_the_page_of_people_logs_as_well(admin, alice):
    form = {"email": alice.email, "full_name": "Alice", "time_zone": "UTC", "is_active": "on"}
    groups = [Group.objects.get(name="auditors").pk]
    admin.post(f"/people/{alice.pk}/change/", form | {"groups": groups})
    admin.post("/people/", {"action": "deactivate", "_selected_action": [alice.pk], "index": 0})
    assert [each for each in sentences() if "Alice" in each] == [
        "Ada changed Alice: roles: members → auditors.", "Ada changed Alice: active: yes → no.",
    ]  # fmt: skip
