"""SMS: the request that Twilio's API takes, and texts that are short."""

from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer

from notifications.channels.sms import text
from tests.notifications.channels.written import digest, errors, message, refusal, send

KNOWN = {"to": "+49301234567", "sender": "+15550100", "account": "AC0123", "token": "t0p-secret"}


@pytest.fixture
def twilio(httpserver: HTTPServer, settings):
    settings.TWILIO_URL = httpserver.url_for("").rstrip("/")
    return httpserver


def test_a_message_arrives_at_twilio(twilio):
    twilio.expect_request("/2010-04-01/Accounts/AC0123/Messages.json", method="POST").respond_with_json(
        {"sid": "SM1"}, status=201
    )
    assert send("sms", message(), **KNOWN).code == 201
    request = twilio.log[0][0]
    assert (request.authorization.type, request.authorization.username, request.authorization.password) == (
        "basic", "AC0123", "t0p-secret")  # fmt: skip
    assert request.content_type == "application/x-www-form-urlencoded"
    assert parse_qs(request.data.decode(), strict_parsing=True) == {
        "To": ["+49301234567"], "From": ["+15550100"],
        "Body": ["CPU is high: CPU is 95: above 90. https://agent.example.com/activity/1/change/"],
    }  # fmt: skip


def test_what_twilio_says_is_told(twilio):
    answer = {"code": 21211, "message": "The 'To' number is not a valid phone number.", "status": 400}
    twilio.expect_request("/2010-04-01/Accounts/AC0123/Messages.json").respond_with_json(answer, status=400)
    error = refusal("sms", message(), **KNOWN)
    assert str(error) == "Answered 400. It says: The 'To' number is not a valid phone number."
    assert error.permanent


@pytest.mark.parametrize("one", [message(title="x" * 900), message(text="wörter " * 300), digest(40)])
def test_a_text_is_short_and_its_link_whole(one):
    assert len(text(one)) <= 320
    assert text(one).endswith(f"... {one.url}")


def test_a_link_that_leaves_no_room_is_left_out():
    assert text(message(url="https://e.example/" + "x" * 400)) == "CPU is high: CPU is 95: above 90."


def test_signs_that_would_make_it_longer_are_replaced():
    assert text(message(title="“CPU” – it’s…", text="", url="")) == '"CPU" - it\'s...'


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"to": "030 1234567"}, "with the country code"), ({"to": "+49 abc"}, "with the country code"),
        ({"sender": "12"}, "with the country code"), ({"account": "SK12"}, "starts with AC"),
        ({"account": "AC1/../2"}, "starts with AC"), ({"token": ""}, "required"), ({"to": ""}, "required"),
    ],
)  # fmt: skip
def test_the_form_checks_what_it_is_given(wrong, words):
    found = errors("sms", **KNOWN | wrong)
    assert list(found) == list(wrong)
    assert words in found[next(iter(wrong))][0]
    assert errors("sms", **KNOWN | {"to": "+49 (30) 123-4567"}) == {}
