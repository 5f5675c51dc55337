"""The form of a channel: its wording is checked, and shown on what rules really told."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from notifications.models import Channel, Delivery
from tests.notifications.outside import START, channel_of, tell
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db
FETCH = {"headers": {"HX-Request": "true"}}


def edit(channel):
    return reverse("admin:notifications_channel_edit", args=[channel.pk])


def given(**fields):
    return {"name": "mail", "position": 0, "enabled": "on", "to": "a@example.com", "title_template": "",
            "body_template": ""} | fields  # fmt: skip


def words(response, status=200):
    assert response.status_code == status, response.content.decode()[:2000]
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def mail(alice, clock):
    return channel_of(alice, "email", "mail", to="a@example.com")


def test_the_wording_is_kept(client_of, alice, mail):
    fields = {"title_template": "{{ severity }}: {{ title }}", "body_template": "{{ text }}\r\n{{ url }}"}
    assert client_of(alice).post(edit(mail), given(**fields)).status_code == 302
    mail.refresh_from_db()
    assert (mail.title_template, mail.body_template) == ("{{ severity }}: {{ title }}", "{{ text }}\n{{ url }}")


@pytest.mark.parametrize(("name", "source", "message"), [
    ("title_template", "{{ titel }}", "Line 1: unknown variable “titel”."),
    ("body_template", "one\r\n{% if text %}", "Line 2: {% if %} is not closed: {% endif %} is missing."),
    ("body_template", "{% include 'x' %}", "Unknown tag “include”."),
    ("body_template", "x" * 4001, "The template has 4,001 characters"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_the_field(client_of, alice, mail, name, source, message):
    page = client_of(alice).post(edit(mail), given(**{name: source})).content.decode()
    assert message in page.replace("&#x27;", "'")
    mail.refresh_from_db()
    assert (mail.title_template, mail.body_template) == ("", "")


def test_the_preview_is_of_what_rules_really_told(client_of, alice, bob, mail):
    rule = rule_of(alice, rule_name="CPU", labels={"team": "db"})
    for number in range(12):
        at = START + timedelta(minutes=number)
        tell(alice, at, rule_id=rule.pk, title=f"CPU {number}", metadata={"value": number})
    tell(alice, START + timedelta(hours=1), title="of no rule")
    tell(bob, START + timedelta(hours=1), rule_id=rule_of(bob).pk, title="of Bob")
    page = client_of(alice).get(edit(mail)).content.decode()
    options = {title: key for key, title in re.findall(r'<option value="([^"]+)"[^>]*>[^<]*· ([^<]*)</option>', page)}
    assert list(options) == [f"CPU {number}" for number in range(11, 1, -1)]
    body = given(title_template="{{ labels.team }} {{ value }}", _preview="1")
    assert words(client_of(alice).post(edit(mail), body, **FETCH)).startswith("db 11 CPU is 95: above 90.")
    shown = words(client_of(alice).post(edit(mail), body | {"_firing": options["CPU 5"]}, **FETCH))
    assert shown.startswith("db 5 CPU is 95: above 90.")
    mail.refresh_from_db()
    assert mail.title_template == ""


@pytest.mark.parametrize(("event", "reason"), [
    ("rule_fired", "first"), ("rule_repeated", "still_firing"), ("rule_resolved", "resolved"), (None, "first"),
])  # fmt: skip
def test_the_preview_knows_why_it_was_told(client_of, alice, mail, event, reason):
    tell(alice, rule_id=rule_of(alice).pk, metadata={"event": event} if event else {})
    body = given(title_template="because {{ reason }}", _preview="1")
    assert f"because {reason} CPU" in words(client_of(alice).post(edit(mail), body, **FETCH))


def test_the_button_without_javascript_shows_the_same_page(client_of, alice, mail):
    page = words(client_of(alice).post(edit(mail), given(title_template="So: {{ title }}", _preview="1")))
    assert "So: Example: fusion score too low" in page
    assert "No notification yet; the preview uses example data." in page
    assert "Variables, tags and filters" in page
    assert Channel.objects.get().title_template == ""


def test_a_wrong_template_is_said_in_the_preview(client_of, alice, mail):
    shown = words(client_of(alice).post(edit(mail), given(body_template="{{ x }}", _preview="1"), **FETCH))
    assert shown.startswith("Text. Line 1: unknown variable “x”.")


def test_it_can_be_seen_before_the_channel_is_made_and_before_its_secret_is_typed(client_of, alice, clock):
    body = {"name": "", "position": 0, "url": "", "title_template": "So: {{ title }}", "_preview": "1"}
    address = reverse("admin:notifications_channel_new", args=["slack"])
    assert "So: Example" in words(client_of(alice).post(address, body, **FETCH))
    assert not Channel.objects.exists()


def test_the_links_in_a_preview_do_nothing(client_of, alice, olga, mail):
    """Whoever may look at the channel of another person gets no link that acts in that person's name."""
    rule = rule_of(alice)
    tell(
        alice, START, rule_id=rule.pk, metadata={"entry": "7b1c6a52-58a5-4a0e-9d3b-0f1f6f7b3c11", "event": "rule_fired"}
    )
    pages = [edit(mail), reverse("admin:notifications_channel_page", args=[mail.pk]),
             reverse("admin:notifications_delivery_change", args=[Delivery.objects.get().pk])]  # fmt: skip
    for address in pages:
        page = client_of(olga).get(address).content.decode()
        assert set(re.findall(r"/links/(?:acknowledge|unsubscribe)/([^/]*)/", page)) == {"…"}


def test_bob_cannot_see_it(client_of, bob, mail):
    assert client_of(bob).post(edit(mail), given(_preview="1"), **FETCH).status_code == 404
