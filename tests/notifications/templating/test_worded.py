"""Messages leave in the words of their channel; one whose wording fails leaves in its usual ones, and says so."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer

from notifications.channels.message import OutgoingMessage
from notifications.channels.mime import html_of, subject_of, text_of
from notifications.delivery.channel_setup import try_out
from notifications.delivery.digests import release
from notifications.delivery.worker import deliver
from notifications.models import Delivery
from notifications.templating import in_words
from tests.notifications.outside import START, channel_of, tell

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {"metric": "cpu", "value": 95.0, "operator": ">", "threshold": 90, "time": "2026-03-02T10:00:00+00:00"}


def message(**fields):
    return OutgoingMessage(**{
        "id": "1", "reason": "first", "type": "alert", "severity": "high", "title": "CPU <b>", "text": "It is 95.",
        "url": "https://example.com/", "created_at": datetime(2026, 3, 2, tzinfo=UTC), "facts": FACTS,
        "rule_name": "R&D <script>",
    } | fields)  # fmt: skip


def hook(alice, httpserver, kind="webhook", **templates):
    httpserver.expect_request("/hook").respond_with_data("ok")
    channel = channel_of(alice, kind, url=httpserver.url_for("/hook"))
    for name, source in templates.items():
        setattr(channel, name, source)
    channel.save()
    return channel


def sent(httpserver):
    return json.loads(httpserver.log[-1][0].data)


def test_title_and_text_of_what_is_sent(alice, httpserver: HTTPServer, clock):
    title = "{{ severity | upcase }}\n {{ title }}"
    hook(alice, httpserver, title_template=title, body_template="{{ metric }}={{ value }}")
    tell(alice, metadata=FACTS)
    deliver(START)
    body = sent(httpserver)["data"]
    assert (body["title"], body["message"]) == ("HIGH CPU is high", "cpu=95")
    assert Delivery.objects.get().cause == ""


def test_a_test_goes_the_same_way(alice, httpserver: HTTPServer, clock):
    channel = hook(alice, httpserver, title_template="{{ reason }}: {{ title }}")
    try_out(channel, "Alice", START)
    assert sent(httpserver)["data"]["title"] == "test: [TEST] webhook"


@pytest.mark.parametrize(
    "broken", ["{% for a in items %}{{ a }}{% endfor %}{{ value | divided_by: 0 }}", "{% load x %}"]
)
def test_one_that_fails_loses_no_message(alice, httpserver: HTTPServer, clock, broken):
    hook(alice, httpserver, body_template=broken)
    tell(alice, metadata=FACTS)
    deliver(START)
    body = sent(httpserver)["data"]
    assert (body["title"], body["message"]) == ("CPU is high", "CPU is 95: above 90.")
    delivery = Delivery.objects.get()
    assert delivery.status == "delivered"
    assert delivery.cause.startswith("The template of the channel failed, so the default text was sent:")
    assert delivery.attempts.get().error == delivery.cause


def test_a_failure_of_both_is_said_of_both(alice, httpserver: HTTPServer, clock):
    hook(alice, httpserver, body_template="{% load x %}")
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("no", status=500)
    tell(alice)
    deliver(START)
    cause = Delivery.objects.get().cause
    assert cause.startswith("Answered 500.")
    assert "Unknown tag “load”" in cause


def test_an_empty_title_stays_the_usual_one():
    assert in_words(message(), "{% if value > 99 %}high{% endif %}", "").title == "CPU <b>"


def test_html_is_escaped_once_and_text_is_not():
    wording = in_words(message(), "{{ rule_name }}", "{{ rule_name }} is {{ value }} & <i>more</i>")
    assert subject_of(wording) == "[HIGH] R&D <script>"
    assert "R&D <script> is 95 & <i>more</i>" in text_of(wording)
    page = html_of(wording)
    assert "R&amp;D &lt;script&gt; is 95 &amp; &lt;i&gt;more&lt;/i&gt;" in page
    assert "<script>" not in page


def test_each_transport_gets_it(alice, httpserver: HTTPServer, clock, settings):
    settings.TWILIO_URL = settings.PAGERDUTY_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/2010-04-01/Accounts/AC1/Messages.json").respond_with_data("{}")
    httpserver.expect_request("/v2/enqueue").respond_with_data("{}", status=202)
    hook(alice, httpserver, "slack", title_template="{{ title }} & more")
    sms = channel_of(alice, "sms", account="AC1", token="t", to="+491234567", sender="+491234567")
    pager = channel_of(alice, "pagerduty", key="a" * 32)
    for channel in (sms, pager):
        channel.title_template = "Look: {{ title }}"
        channel.save()
    tell(alice)
    deliver(START)
    bodies = {request.path: request.data.decode() for request, _ in httpserver.log}
    assert json.loads(bodies["/hook"])["text"].startswith("🔶 CPU is high &amp; more\n")
    assert parse_qs(bodies["/2010-04-01/Accounts/AC1/Messages.json"])["Body"][0].startswith("Look: CPU is high: CPU")
    assert json.loads(bodies["/v2/enqueue"])["payload"]["summary"] == "Look: CPU is high"


MANY = (message(id="2", title="One", text="It is 1."), message(id="3", title="Two", text="It is 2."))


def test_a_digest_is_worded_message_by_message():
    wording = in_words(
        message(reason="digest", title="2 messages", text="", items=MANY), "! {{ title }}", "so: {{ text }}"
    )
    assert (wording.title, wording.text) == ("2 messages", "")
    assert wording.lines == ["! One\nso: It is 1.", "! Two\nso: It is 2."]


def test_a_template_that_names_items_words_the_digest_and_is_not_followed_by_them_again():
    body = "{% for each in items %}{{ each.title }},{% endfor %}"
    wording = in_words(message(reason="digest", title="2 messages", text="", items=MANY), "{{ count }} things", body)
    assert (wording.title, wording.plain) == ("2 things", "One,Two,")
    assert "It is 1." not in html_of(wording) + text_of(wording)
    assert len(wording.items) == 2  # programs still get them


def test_of_many_instances_each_has_its_numbers():
    instances = [
        {"value": 95.0, "target": "a", "person_name": "Ada"},
        {"value": 97, "target": "b", "person_name": "Bob"},
    ]
    row = "{{ each.person }} {{ each.target }} {{ each.value }} > {{ each.threshold }};"
    body = f"{{% for each in items %}}{row}{{% endfor %}}"
    wording = in_words(
        message(facts=FACTS | {"count": 12, "instances": instances}), "{{ count }} of {{ metric }}", body
    )
    assert (wording.title, wording.text) == ("12 of cpu", "Ada a 95 > 90;Bob b 97 > 90;")


def test_a_digest_that_is_sent(alice, httpserver: HTTPServer, clock):
    hook(alice, httpserver, title_template="{{ count }} of {{ severity }}")
    for title in ("One", "Two"):
        tell(alice, title=title)
    Delivery.objects.update(status="held", due_at=START)
    release(START)
    deliver(START)
    clock.shift(1)
    deliver(datetime.now(UTC))
    assert sent(httpserver)["data"]["title"] == "2 of high"


def test_the_clock_is_that_of_who_is_told(alice, httpserver: HTTPServer, clock):
    alice.time_zone = "Asia/Kolkata"
    alice.save()
    hook(alice, httpserver, title_template="{{ time }}")
    tell(alice, metadata=FACTS)
    deliver(START)
    assert sent(httpserver)["data"]["title"] == "2026-03-02 15:30"


@pytest.mark.parametrize("facts", [
    {"time": "0001-01-01T00:00:00+00:00", "value": [1], "labels": 7, "count": "many", "instances": [1]},
    {"time": 9, "value": {"a": None}, "instances": {"a": 1}, "person_name": {}, "count": -1}, {},
])  # fmt: skip
def test_numbers_of_any_shape_stop_nothing(alice, httpserver: HTTPServer, clock, facts):
    alice.time_zone = "America/New_York"
    alice.save()
    hook(alice, httpserver, title_template="{{ title }} {{ time }} {{ value }}{% for each in items %}-{% endfor %}")
    tell(alice, metadata=facts)
    deliver(START)
    assert sent(httpserver)["data"]["title"].startswith("CPU is high 2026-03-02 05:00")


def test_what_is_told_of_a_channel_itself_is_in_the_usual_words(alice, httpserver: HTTPServer, clock):
    hook(alice, httpserver, title_template="{{ rule_name }} is {{ value }}")
    tell(alice, title="Channel x is broken", reason="channel")
    deliver(START)
    assert sent(httpserver)["data"]["title"] == "Channel x is broken"


def test_a_surrogate_of_a_legacy_database_stops_no_template():
    facts = FACTS | {"person_name": "Ada \ud800", "target": "a\udfff"}
    wording = in_words(
        message(facts=facts, labels={"team": "db\ud800"}), "", "{{ person }} {{ target }} {{ labels.team }}"
    )
    assert (wording.text, wording.wording_failed) == ("Ada ? a? db?", "")


def test_a_digest_of_many_messages_lists_the_first_of_them():
    many = tuple(message(id=str(number), title=f"t{number}") for number in range(500))
    wording = in_words(
        message(reason="digest", items=many), "{{ count }}", "{% for each in items %}{{ each.title }},{% endfor %}"
    )
    assert (wording.title, wording.text.count(","), wording.wording_failed) == ("500", 200, "")


def test_the_work_for_a_digest_is_limited_as_a_whole():
    labels = {f"label{number}": "x" for number in range(60)}
    many = tuple(message(id=str(number), labels=labels) for number in range(300))
    body = "{% for a in labels %}{% for b in labels %}{% endfor %}{% endfor %}"
    digest = message(reason="digest", items=many)
    assert in_words(many[0], "", body).wording_failed == ""
    assert "does too much" in in_words(digest, "", body).wording_failed
    wording = in_words(digest, "{{ severity | upcase }}: {{ rule_name }}", "{{ text }} {{ labels.label9 }} {{ value }}")
    assert (wording.wording_failed, {item.text for item in wording.items}) == ("", {"It is 95. x 95"})
