"""Whatever is sent as a template, by the form or by REST, is kept or refused in words, and soon."""

from dataclasses import replace

import pytest
from django.urls import reverse

from notifications.delivery.samples import made_up
from notifications.models import Channel
from notifications.templating import in_words
from notifications.templating.limits import MAX_TEMPLATE_LENGTH
from tests.api import Program
from tests.effort import effort
from tests.notifications.outside import channel_of
from tests.notifications.templating.hostile import BROKEN_TEMPLATES, HUNGRY_TEMPLATES, REACHING_TEMPLATES

pytestmark = pytest.mark.django_db
JSON = "application/json"
MOST = 300  # loops of `effort`, for a request and all around it
HOSTILE = [each[:MAX_TEMPLATE_LENGTH] for each in (*HUNGRY_TEMPLATES, *REACHING_TEMPLATES, *BROKEN_TEMPLATES)]


@pytest.fixture
def mail(alice, clock, settings):
    settings.API_RATES = {}
    return channel_of(alice, "email", "mail", to="a@example.com")


def sent(mail):
    """The words in which it would go out, alone and in a digest of many."""
    message = made_up(mail)
    for one in (message, replace(message, reason="digest", items=(message,) * 300)):
        yield in_words(one, mail.title_template, mail.body_template)


def within_time(request):
    responses = []
    assert effort(lambda: responses.append(request())) < MOST
    return responses[0]


def test_by_rest(alice, mail):
    client, address = Program(alice).client, f"/api/channels/{mail.pk}/"
    for source in HOSTILE:
        body = {"title_template": source, "body_template": source}
        response = within_time(lambda body=body: client.patch(address, body, JSON))
        assert response.status_code in (200, 400), source
        assert response.status_code == 200 or all(response.json()[name] for name in body), source


@pytest.mark.parametrize("body", [
    {"title_template": None}, {"title_template": 7}, {"title_template": ["{{ title }}"]}, {"title_template": {"a": 1}},
    {"title_template": "\ud800"}, {"title_template": "a\0b"}, {"body_template": "x" * 5_000_000},
    {"body_template": "{{" * 100_000},
])  # fmt: skip
def test_by_rest_what_is_no_text(alice, mail, body):
    assert Program(alice).client.patch(f"/api/channels/{mail.pk}/", body, JSON).status_code in (400, 413)


def test_by_the_form(client_of, alice, mail):
    client, page = client_of(alice), reverse("admin:notifications_channel_edit", args=[mail.pk])
    fields = {"name": "mail", "position": 0, "enabled": "on", "to": "a@example.com", "title_template": ""}
    for source in HOSTILE[::3]:
        saved = within_time(lambda source=source: client.post(page, fields | {"body_template": source}))
        assert saved.status_code in (200, 302), source
        kept = Channel.objects.get(pk=mail.pk)
        assert saved.status_code == 200 or kept.body_template == source.replace("\r\n", "\n").strip()
        for message in sent(kept):
            assert isinstance(message.text, str)
