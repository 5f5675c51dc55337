"""Microsoft Teams: an adaptive card in the form that Workflows takes, and never more than 28 KB."""

import pytest
from pytest_httpserver import HTTPServer

from tests.notifications.channels.written import digest, errors, got, message, refusal, send

MOST = 28 * 1024


@pytest.fixture
def address(httpserver: HTTPServer):
    httpserver.expect_request("/workflows/1/triggers/manual", method="POST").respond_with_data("", status=202)
    return httpserver.url_for("/workflows/1/triggers/manual")


def texts(httpserver):
    return [block["text"] for block in got(httpserver)["attachments"][0]["content"]["body"]]


def test_a_card_arrives(httpserver: HTTPServer, address):
    one = message(acknowledge_url="https://agent.example.com/links/acknowledge/x/")
    assert send("teams", one, url=address).code == 202
    sent = got(httpserver)
    assert sent["type"] == "message"
    (attachment,) = sent["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert texts(httpserver) == ["CPU is high", "CPU is 95: above 90."]
    assert card["body"][0]["color"] == "warning"
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open", "url": one.url},
        {"type": "Action.OpenUrl", "title": "Acknowledge", "url": one.acknowledge_url},
    ]


@pytest.mark.parametrize("sign", ["x", "ä", "🔥", '"', "\x01", "\n-"])
@pytest.mark.parametrize("count", [0, 1, 200])
def test_no_message_is_too_long(httpserver: HTTPServer, address, sign, count):
    long = {"title": sign * 3000, "text": sign * 20_000}
    send("teams", digest(count, **long) if count else message(**long), url=address)
    assert len(httpserver.log[0][0].data) <= MOST
    assert len(texts(httpserver)) >= 1 + min(count, 11)


def test_what_fits_is_not_cut(httpserver: HTTPServer, address):
    send("teams", message(text="x" * 3900), url=address)
    assert texts(httpserver)[1] == "x" * 3900


def test_a_text_makes_no_link_that_leads_elsewhere(httpserver: HTTPServer, address):
    send("teams", message(text="[Sign in](https://evil.example)\nnow"), url=address)
    assert texts(httpserver)[1] == "[Sign in] (https://evil.example)\n\nnow"


def test_an_error_with_the_code_200(httpserver: HTTPServer):
    text = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    httpserver.expect_request("/old").respond_with_data(text)
    error = refusal("teams", message(), url=httpserver.url_for("/old"))
    assert (str(error), error.permanent) == ("Teams reported that the message was not delivered.", False)


def test_the_form_checks_the_address():
    assert "must begin with https://" in errors("teams", url="outlook.office.com")["url"][0]
    assert errors("teams", url="https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual?sig=x") == {}
