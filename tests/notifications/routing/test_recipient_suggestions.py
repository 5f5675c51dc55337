"""Suggestions for recipients: only those that the person may name, a few of each kind."""

import pytest
from django.urls import reverse

from notifications.models import Channel
from notifications.routing.recipient_suggestions import suggest_recipients
from tests.conftest import person


@pytest.fixture
def pager(alice):
    return Channel.objects.create(user=alice, name="Pager", kind="webhook")


def test_a_member_may_name_nobody_else(client_of, alice, bob, olga, pager):
    Channel.objects.create(user=bob, name="Pager of Bob", kind="webhook")
    found = client_of(alice).get(reverse("admin:recipients")).json()["recipients"]
    assert [one["value"] for one in found] == ["owner", "alice@example.com", "channel:Pager"]


def test_an_operator_finds_people_groups_and_channels(olga, alice, pager, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        found = {one.value: one for one in suggest_recipients("", olga)}
    assert found["alice@example.com"].label == "Alice"
    assert found["group:members"].detail == "1 member"
    assert found["channel:alice@example.com/Pager"].detail == "Webhook of Alice"
    assert [one.value for one in suggest_recipients("group:oper", olga)] == ["group:operators"]


def test_of_many_people_a_few_are_shown(olga):
    for number in range(8):
        person(f"Zoe{number}", "members")
    assert len(suggest_recipients("zoe", olga)) == 6
