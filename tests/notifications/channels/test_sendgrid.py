"""SendGrid: the request that version 3 of its API takes."""

import pytest
from pytest_httpserver import HTTPServer

from tests.notifications.channels.written import errors, got, message, refusal, send

KNOWN = {"to": "oncall@example.com", "sender": "agent@example.com", "key": "SG.abc-_.DEF"}


@pytest.fixture
def sendgrid(httpserver: HTTPServer, settings):
    settings.SENDGRID_URL = httpserver.url_for("").rstrip("/")
    settings.SITE_URL = "https://agent.example.com"
    return httpserver


def test_a_mail_arrives_at_sendgrid(sendgrid):
    sendgrid.expect_request("/v3/mail/send", method="POST").respond_with_data("", status=202)
    one = message(title="CPU <b>high</b>", unsubscribe_url="https://agent.example.com/links/unsubscribe/x/")
    assert send("sendgrid", one, **KNOWN).code == 202
    request, mail = sendgrid.log[0][0], got(sendgrid)
    assert request.headers["Authorization"] == "Bearer SG.abc-_.DEF"
    assert mail["personalizations"] == [{"to": [{"email": "oncall@example.com"}], "custom_args": {"delivery": one.id}}]
    assert mail["from"]["email"] == "agent@example.com"
    assert mail["subject"] == "[HIGH] CPU <b>high</b>"
    text, html = mail["content"]
    assert (text["type"], html["type"]) == ("text/plain", "text/html")
    assert "CPU <b>high</b>" in text["value"]
    assert "CPU &lt;b&gt;high&lt;/b&gt;" in html["value"]
    assert mail["headers"]["List-Unsubscribe"] == f"<{one.unsubscribe_url}>"
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    reserved = {"to", "from", "subject", "reply-to", "cc", "bcc", "content-type", "received", "dkim-signature"}
    assert not reserved & {name.lower() for name in mail["headers"]}


@pytest.mark.parametrize(("code", "permanent"), [(400, True), (401, True), (403, True), (413, True), (500, False)])
def test_what_sendgrid_says_is_told(sendgrid, code, permanent):
    answer = {"errors": [{"message": "The from address does not match a verified Sender Identity.", "field": "from"}]}
    sendgrid.expect_request("/v3/mail/send").respond_with_json(answer, status=code)
    error = refusal("sendgrid", message(), **KNOWN)
    assert str(error) == f"Answered {code}. It says: The from address does not match a verified Sender Identity."
    assert error.permanent is permanent


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"to": "oncall"}, "valid email"), ({"to": "a@example.com\nBcc: b@example.com"}, "valid email"),
        ({"sender": "x"}, "valid email"), ({"key": "abc"}, "SG."), ({"key": "SG.a b"}, "SG."),
        ({"key": "SG.ключ"}, "SG."), ({"key": ""}, "required"),
    ],
)  # fmt: skip
def test_the_form_checks_what_it_is_given(wrong, words):
    assert words in errors("sendgrid", **KNOWN | wrong)[next(iter(wrong))][0]
    assert errors("sendgrid", **KNOWN) == {}
