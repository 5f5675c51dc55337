"""A secret of each kind, and a receiver that says back all that it gets: it stands in no page, log, answer or row."""

import json
import logging
import re
from urllib.parse import quote

import pytest
from django.db import connection
from django.urls import reverse
from werkzeug import Request, Response

from notifications.channels import Address
from notifications.channels.credentials import values_of
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery, DeliveryAttempt
from notifications.registries import channels
from smartagent.kernel.secret_mask import forms_of, hide
from tests.api import Program
from tests.notifications.channels.written import message
from tests.notifications.outside import START, channel_of, tell

PLANTED = "Pl4ntedSecretOfThisKind0123456"
KEY = "whsec_" + PLANTED + "ABCDEFGHIJKLMN"
KINDS = {
    "slack": {"url": "{base}services/T/B/" + PLANTED},
    "teams": {"url": "{base}workflows/1?sig=" + PLANTED},
    "sms": {"to": "+49301234567", "sender": "+15550100", "account": "AC0123", "token": PLANTED + "/+&"},
    "webhook": {"url": "{base}hook", "key": KEY, "old_key": KEY},
    "pagerduty": {"key": PLANTED + "89"},
    "alertmanager": {"url": "{base}", "username": "u", "password": PLANTED},
    "sendgrid": {"to": "a@example.com", "sender": "b@example.com", "key": "SG." + PLANTED},
    "apprise": {"url": "json://user:" + PLANTED + "@{host}/in"},
}  # fmt: skip


def echo(request: Request) -> Response:
    """All that came, as it came, and what a clever server makes of it."""
    received = [f"{request.method} {request.full_path} {request.url}", request.get_data(as_text=True)]
    received += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.authorization and request.authorization.type == "basic":
        received += [str(request.authorization.username), str(request.authorization.password)]
    return Response("\n".join(reversed(received)), status=int(request.environ.get("code", 400)))


@pytest.fixture
def receiver(httpserver, settings):
    base = httpserver.url_for("/")
    settings.TWILIO_URL = settings.SENDGRID_URL = settings.PAGERDUTY_URL = base.rstrip("/")
    settings.NOTIFICATIONS_CHANNELS = [
        *settings.NOTIFICATIONS_CHANNELS,
        "notifications.channels.apprise.AppriseChannel",
    ]
    return httpserver


def planted(alice, kind, receiver):
    base = receiver.url_for("/")
    host = base.removeprefix("http://").rstrip("/")
    values = {name: text.format(base=base, host=host) for name, text in KINDS[kind].items()}
    return channel_of(alice, kind, name=f"the {kind}", **values)


def everything_kept():
    """Every row of the tables of notifications, as text, but for what is sealed."""
    with connection.cursor() as cursor:
        found = []
        for table in ("channels", "deliveries", "delivery_attempts", "notifications", "agent_activity_log"):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            found += [row for (row,) in cursor.fetchall()]
    return found


def of_each_kind():
    """Deliveries: where one fails, others are made in its place, and look the same."""
    return Delivery.objects.order_by("channel_id", "status").distinct("channel_id", "status")


def shown_to(client, planted):
    """Every page that shows something of them."""
    pages = [
        reverse("admin:notifications_channel_changelist"), reverse("admin:notifications_delivery_changelist"),
        reverse("admin:notifications_notification_changelist"), reverse("admin:index"),
        *[reverse("admin:notifications_channel_page", args=[channel.pk]) for channel in planted],
        *[reverse("admin:notifications_channel_edit", args=[channel.pk]) for channel in planted],
        *[reverse("admin:notifications_delivery_change", args=[one.pk]) for one in of_each_kind()],
    ]  # fmt: skip
    answers = [client.get(address) for address in pages]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content.decode() for answer in answers]


def answers_by_api(user, planted):
    program = Program(user)
    answers = [program.post(f"channels/{channel.pk}/test/") for channel in planted]
    answers += [program.patch(f"channels/{channel.pk}/", {"position": 2}) for channel in planted]
    ones = [f"channels/{channel.pk}/" for channel in planted]
    ones += [f"deliveries/{one.pk}/" for one in of_each_kind()]
    answers += [program.get(address) for address in ["channels/", "channel-kinds/", "deliveries/", *ones]]
    export = b"".join(program.client.get("/api/deliveries/export/").streaming_content).decode()
    return [*map(json.dumps, answers), export]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", [200, 400, 500])
def test_a_secret_stands_nowhere(alice, ada, client_of, receiver, clock, caplog, capfd, code):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the receiver's own

    def answer(request: Request) -> Response:
        request.environ["code"] = code
        return echo(request)

    receiver.expect_request(re.compile(".*")).respond_with_handler(answer)
    ones = [planted(alice, kind, receiver) for kind in KINDS]
    assert all(any(PLANTED in str(value) for value in values_of(channel).values()) for channel in ones)
    tell(alice)
    deliver(START)
    assert set(DeliveryAttempt.objects.values_list("delivery__kind", flat=True)) == set(KINDS)
    found = [*answers_by_api(alice, ones), *answers_by_api(ada, ones)]
    found += [*shown_to(client_of(alice), ones), *shown_to(client_of(ada), ones), *everything_kept()]
    captured = capfd.readouterr()
    found += [caplog.text, captured.out, captured.err]
    found += [repr(each) for channel in ones for each in (channel, Address(values_of(channel)))]
    for shape in (PLANTED, quote(PLANTED), PLANTED[:20]):
        assert not [text[max(text.find(shape) - 200, 0) :][:400] for text in found if shape in text]


def test_errors_and_requests_show_none_in_their_repr():
    for kind in ("slack", "sms", "webhook", "sendgrid", "pagerduty", "teams"):
        values = {name: text.format(base="https://a.example/", host="a.example") for name, text in KINDS[kind].items()}
        assert PLANTED not in repr(channels[kind].outgoing(message(), Address(values)))


@pytest.mark.parametrize("length", range(8, 40))
def test_a_secret_that_an_excerpt_cuts_is_hidden_too(length):
    text = f"key={PLANTED} and so on"[:length]
    assert PLANTED[:6] not in hide(text, forms_of([PLANTED]))


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("a b/c&d?", "x=a+b%2Fc%26d%3F"),
        ("a b/c&d?", "x=a%20b%2Fc%26d%3F"),
        ('quo"te-x', 'said "quo\\"te-x"'),
        ("a&b<c>d", "<b>a&amp;b&lt;c&gt;d</b>"),
        ("https://h.example/services/T/B/0123456789abcdefXYZ", "no route /services/T/B/0123456789abcdefXYZ"),
        ("https://h.example/services/T/B/0123456789abcdefXYZ", "token 0123456789abcdefXYZ"),
        ("https://h.example/w?sig=0123456789abcdefXYZ", "sig: 0123456789abcdefXYZ"),
    ],
)
def test_a_secret_is_hidden_in_each_shape(secret, words):
    hidden = hide(words, forms_of([secret]))
    assert "…" in hidden
    assert "0123456789abcdefXYZ" not in hidden


def test_what_is_no_secret_stays():
    assert hide("Answered 404. no route", forms_of(["https://h.example/", "short"])) == "Answered 404. no route"


def test_at_rest_they_are_sealed(alice):
    channel = channel_of(alice, "slack", url=f"https://hooks.slack.com/{PLANTED}")
    kept = Channel.objects.filter(pk=channel.pk).values().get()
    assert PLANTED not in json.dumps(kept, default=str)
    assert values_of(channel)["url"].endswith(PLANTED)
