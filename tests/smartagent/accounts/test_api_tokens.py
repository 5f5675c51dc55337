"""Programs sign in by a personal token."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from smartagent.accounts.tokens import digest, issue_token
from smartagent.models import APIToken


def get(token, address="me/", **options):
    return Client().get(f"/api/{address}", headers={"Authorization": f"Bearer {token}"}, **options)


def test_a_token_signs_in_and_only_its_digest_is_kept(alice):
    row, token = issue_token(alice, "build server")
    assert token.startswith("sa_")
    assert token.startswith(row.prefix)
    assert row.digest == digest(token)
    assert token not in str(APIToken.objects.values().get())
    assert get(token).json()["email"] == "alice@example.com"


def test_it_needs_no_token_against_forgery(alice):
    _, token = issue_token(alice, "x")
    options = {"headers": {"Authorization": f"Bearer {token}"}, "content_type": "application/json"}
    assert Client(enforce_csrf_checks=True).post("/api/dispatch/", "{}", **options).status_code == 200


@pytest.mark.parametrize(("fields", "message"), [
    ({}, None),
    ({"expires_at": timezone.now() + timedelta(hours=1)}, None),
    ({"expires_at": timezone.now() - timedelta(seconds=1)}, "This token expired at"),
])  # fmt: skip
def test_it_works_until_it_expires(alice, fields, message):
    answer = get(issue_token(alice, "x", **fields)[1])
    assert answer.status_code == (401 if message else 200)
    assert message is None or answer.json()["detail"][0].startswith(message)


@pytest.mark.parametrize("token", ["sa_wrong", "", "sa_ü", "sa_a sa_b"])
def test_a_token_that_nobody_made(db, token):
    answer = Client().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 401
    assert answer.json() == {"detail": ["Invalid token: mistyped or revoked."]}


def test_who_may_not_sign_in_has_no_working_token(alice):
    _, token = issue_token(alice, "x")
    alice.is_active = False
    alice.save()
    assert get(token).status_code == 401


def test_the_last_use_is_noted_at_most_once_a_minute(alice, django_assert_num_queries):
    row, token = issue_token(alice, "x")
    get(token)
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    with django_assert_num_queries(4):  # the token, two for permissions, groups; nothing is written
        get(token)
    row.refresh_from_db()
    assert row.last_used_at == first
    APIToken.objects.update(last_used_at=first - timedelta(minutes=2))
    get(token)
    row.refresh_from_db()
    assert row.last_used_at > first
