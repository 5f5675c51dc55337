"""Tokens are created, rotated without a gap, revoked, and announced before they expire."""

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Notification
from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from smartagent.accounts.tasks import forget_expired
from smartagent.accounts.token_expiry import notify_of_expiry
from smartagent.accounts.tokens import issue_token
from smartagent.doctor.tokens import check_tokens
from smartagent.models import APIToken

JSON = "application/json"


def client_with(token):
    return Client(headers={"Authorization": f"Bearer {token}"})


def sentences():
    return [entry_in_words(entry) for entry in ActivityEntry.objects.order_by("created_at")]


def everything_logged():
    return json.dumps(list(ActivityEntry.objects.values()), default=str)


def test_a_program_makes_a_token_and_is_shown_it_once(alice, bob):
    admin = client_with(issue_token(alice, "setup")[1])
    made = admin.post("/api/tokens/", {"name": "agent", "scopes": ["ingest", "read"]}, content_type=JSON)
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    row = made.json()
    assert row["scopes"] == ["read", "ingest"]
    assert client_with(row["token"]).get("/api/me/").json()["token"]["name"] == "agent"
    listed = admin.get("/api/tokens/").json()["results"]
    assert {each["name"] for each in listed} == {"setup", "agent"}
    assert row["token"] not in json.dumps(listed) + everything_logged()
    assert sentences() == [
        f"Alice created the token “agent” ({row['prefix']}…). Scopes: read, ingest. It does not expire."
    ]
    assert client_with(issue_token(bob, "x")[1]).get(f"/api/tokens/{row['id']}/").status_code == 404


def test_a_token_gives_no_scope_that_it_has_not(alice):
    admin = client_with(issue_token(alice, "setup", None, ["admin", "read"])[1])
    refused = admin.post("/api/tokens/", {"name": "agent", "scopes": ["write"]}, content_type=JSON)
    assert refused.status_code == 403
    assert "it cannot give write" in refused.content.decode()
    wide = issue_token(alice, "wide")[0]
    assert admin.post(f"/api/tokens/{wide.pk}/rotate/", {}, content_type=JSON).status_code == 403


@pytest.mark.parametrize(("sent", "field"), [
    ({"name": "x", "scopes": []}, "scopes"),
    ({"name": "x", "scopes": ["all"]}, "scopes.0"),
    ({"name": "x"}, "scopes"),
    ({"name": "", "scopes": ["read"]}, "name"),
    ({"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
])  # fmt: skip
def test_bad_input_names_its_field(client_of, alice, sent, field):
    refused = client_of(alice).post("/api/tokens/", sent, content_type=JSON)
    assert (refused.status_code, list(refused.json())) == (400, [field])


def test_rotation_leaves_no_gap(alice):
    now = timezone.now()
    old, token = issue_token(alice, "build", now + timedelta(days=30))
    made = client_with(token).post(f"/api/tokens/{old.pk}/rotate/", {"grace": "2h"}, content_type=JSON)
    assert made.status_code == 201
    new = APIToken.objects.get(pk=made.json()["id"])
    old.refresh_from_db()
    assert (old.replaced_by, new.scopes, new.name) == (new, old.scopes, "build")
    assert timedelta(0) <= old.expires_at - now - timedelta(hours=2) < timedelta(minutes=1)
    assert abs(new.expires_at - now - timedelta(days=30)) < timedelta(minutes=1)
    for each in (token, made.json()["token"]):
        assert client_with(each).get("/api/me/").status_code == 200
    again = client_with(token).post(f"/api/tokens/{old.pk}/rotate/", {}, content_type=JSON)
    assert again.json() == {"detail": ["This token was rotated before. Rotate its successor."]}
    assert sentences()[-1].startswith(f"Alice rotated the token “build” ({new.prefix}…); the previous one works until ")


def test_a_token_rotates_and_reads_itself_whatever_its_scopes(alice, client_of):
    now = timezone.now()
    old, token = issue_token(alice, "telegraf", now + timedelta(days=30), ["ingest"])
    program = client_with(token)
    assert program.get("/api/me/").status_code == 403
    seen = program.get("/api/tokens/current/").json()
    assert (seen["id"], seen["scopes"], "token" in seen) == (str(old.pk), ["ingest"], False)
    longer = {"expires_at": (now + timedelta(days=900)).isoformat()}
    refused = program.post("/api/tokens/current/rotate/", longer, content_type=JSON)
    assert (refused.status_code, list(refused.json())) == (400, ["expires_at"])
    made = program.post("/api/tokens/current/rotate/", {"grace": "1h"}, content_type=JSON)
    assert (made.status_code, made.json()["scopes"]) == (201, ["ingest"])
    new = client_with(made.json()["token"]).get("/api/tokens/current/").json()
    assert abs(datetime.fromisoformat(new["expires_at"]) - now - timedelta(days=30)) < timedelta(minutes=1)
    assert program.get("/api/tokens/current/").json()["replaced_by"] == new["id"]
    assert program.post("/api/tokens/current/rotate/", {}, content_type=JSON).status_code == 409
    assert client_of(alice).get("/api/tokens/current/").json() == {"detail": ["This request is made without a token."]}
    assert client_of(alice).post("/api/tokens/current/rotate/", {}, content_type=JSON).status_code == 404


def test_an_administrator_revokes_the_token_of_another_but_never_holds_it(client_of, alice, ada):
    row, token = issue_token(alice, "hers")
    admin = client_of(ada)
    assert admin.post(f"/api/tokens/{row.pk}/rotate/", {}, content_type=JSON).status_code == 403
    assert admin.get(f"/tokens/{row.pk}/rotate/").status_code == 404
    assert admin.delete(f"/api/tokens/{row.pk}/").status_code == 204
    assert client_with(token).get("/api/me/").status_code == 401
    assert sentences() == [f"Ada revoked the token “hers” ({row.prefix}…) of Alice."]


def test_the_page_rotates(client_of, alice):
    row, token = issue_token(alice, "build")
    client = client_of(alice)
    assert f"/tokens/{row.pk}/rotate/" in client.get("/tokens/").content.decode()
    assert "Rotate “build”" in client.get(f"/tokens/{row.pk}/rotate/").content.decode()
    shown = client.post(f"/tokens/{row.pk}/rotate/", {"grace": "0", "post": "yes"})
    assert "no-store" in shown["Cache-Control"]
    assert "The previous one works no longer." in shown.content.decode()
    assert client_with(token).get("/api/me/").status_code == 401
    assert f"/tokens/{row.pk}/rotate/" not in client.get("/tokens/").content.decode()


def test_the_expiry_is_announced_seven_days_and_one_day_before_once_each(alice):
    now = timezone.now()
    row = issue_token(alice, "build", now + timedelta(days=6))[0]
    APIToken.objects.update(created_at=now - timedelta(days=60))
    issue_token(alice, "short", now + timedelta(hours=2))  # its person has just chosen that
    issue_token(alice, "endless")
    assert [notify_of_expiry(now), notify_of_expiry(now)] == [1, 0]
    assert [finding.problem for finding in check_tokens(now)] == [
        "1 API token will expire within 7 days: build (Alice)."
    ]
    later = now + timedelta(days=5, hours=1)
    assert [notify_of_expiry(later), notify_of_expiry(later)] == [1, 0]
    titles = list(Notification.objects.order_by("created_at").values_list("user", "title"))
    assert titles == [
        (alice.pk, "The token “build” expires in 6\u00a0d"), (alice.pk, "The token “build” expires in 23\u00a0h"),
    ]  # fmt: skip
    APIToken.objects.filter(pk=row.pk).update(replaced_by=issue_token(alice, "build")[0])
    assert not list(check_tokens(now))


def test_an_expired_token_stays_in_the_list_for_a_month(alice):
    now = timezone.now()
    for days in (29, 31):
        issue_token(alice, f"{days} days", now - timedelta(days=days))
    forget_expired()
    assert [token.name for token in APIToken.objects.all()] == ["29 days"]


def test_the_last_use_has_its_address(alice):
    row, token = issue_token(alice, "x")
    Client(headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR="203.0.113.7").get("/api/me/")
    row.refresh_from_db()
    assert row.last_used_from == "203.0.113.7"
