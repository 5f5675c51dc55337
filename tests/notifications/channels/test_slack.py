"""Slack: blocks, what means something to Slack, limits, and errors that come with the code 200."""

import json

import pytest
from pytest_httpserver import HTTPServer

from notifications.channels.slack import escaped, slack_payload
from tests.notifications.channels.written import digest, errors, got, message, refusal, send


def texts(sent):
    return [block["text"]["text"] for block in sent["attachments"][0]["blocks"] if block["type"] == "section"]


def test_a_message_arrives_as_blocks(httpserver: HTTPServer):
    httpserver.expect_request("/services/T/B/x", method="POST").respond_with_data("ok")
    one = message(acknowledge_url="https://agent.example.com/links/acknowledge/x/")
    assert send("slack", one, url=httpserver.url_for("/services/T/B/x")).code == 200
    sent = got(httpserver)
    assert httpserver.log[0][0].content_type == "application/json"
    assert sent["blocks"] == [{"type": "header", "text": {"type": "plain_text", "text": "🔶 CPU is high"}}]
    assert texts(sent) == ["CPU is 95: above 90."]
    assert [(button["text"]["text"], button["url"]) for button in sent["attachments"][0]["blocks"][-1]["elements"]] == [
        ("Open", one.url), ("Acknowledge", one.acknowledge_url),
    ]  # fmt: skip
    assert sent["text"] == f"🔶 CPU is high\n\nCPU is 95: above 90.\n\n{one.url}"


def test_what_means_something_to_slack_is_written_out():
    sent = slack_payload(message(title="a<b", text="<!channel> & <https://evil.example|click>"))
    assert texts(sent) == ["&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"]
    assert "<" not in sent["text"]


@pytest.mark.parametrize("word", ["here", "channel", "everyone", "all", "HERE"])
def test_nobody_else_is_called_and_no_link_leads_elsewhere(word):
    sent = slack_payload(message(title=f"@{word} look", text=f"@{word}: [Open](https://evil.example) ann@team.example"))
    shown = json.dumps(sent, ensure_ascii=False)
    assert f"@{word}" not in shown
    assert "](" not in shown
    assert "ann@team.example" in shown


@pytest.mark.parametrize("length", range(20, 32))
def test_nothing_is_cut_within_what_is_written_out(length):
    cut = escaped("0123456789 <&> <&> <&>", length)
    assert len(cut) <= length
    assert cut[:-1].replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0


@pytest.mark.parametrize("one", [message(title="x" * 500, text="&" * 9000), digest(200, text="<" * 9000)])
def test_the_limits_of_slack_are_kept(one):
    sent = slack_payload(one)
    blocks = [*sent["blocks"], *sent["attachments"][0]["blocks"]]
    assert len(blocks) <= 50
    assert all(len(block["text"]["text"]) <= 150 for block in blocks if block["type"] == "header")
    assert all(1 <= len(text) <= 3000 for text in texts(sent))
    assert len(sent["text"]) <= 3000


def test_a_digest_shows_ten_and_counts_the_rest():
    assert len(texts(slack_payload(digest(25)))) == 11
    assert texts(slack_payload(digest(25)))[-1] == "… and 15 more."


def test_an_address_that_is_too_long_makes_no_button():
    assert slack_payload(message(url="https://e.example/" + "x" * 3000, text=""))["attachments"] == []


@pytest.mark.parametrize("words", ["no_text", "invalid_payload", "channel_is_archived", "no_service", "user_not_found"])
@pytest.mark.parametrize("code", [200, 400])
def test_an_error_is_an_error_whatever_its_code(httpserver: HTTPServer, words, code):
    httpserver.expect_request("/x").respond_with_data(words, status=code)
    error = refusal("slack", message(), url=httpserver.url_for("/x"))
    assert (error.permanent, error.code) == (True, code)
    assert words in str(error)


def test_an_error_as_json(httpserver: HTTPServer):
    httpserver.expect_request("/x").respond_with_data(json.dumps({"ok": False, "error": "channel_not_found"}))
    assert str(refusal("slack", message(), url=httpserver.url_for("/x"))) == "Slack reported: channel_not_found."


@pytest.mark.parametrize("words", ["ok", '{"ok": true}', '{"success":true}', '{"result": "success", "msg": ""}'])
def test_what_is_taken_is_taken(httpserver: HTTPServer, words):
    httpserver.expect_request("/x").respond_with_data(words)
    assert send("slack", message(), url=httpserver.url_for("/x")).excerpt == words


def test_too_many(httpserver: HTTPServer):
    httpserver.expect_request("/x").respond_with_data("rate_limited", status=429, headers={"Retry-After": "30"})
    error = refusal("slack", message(), url=httpserver.url_for("/x"))
    assert (error.permanent, error.retry_after) == (False, 30)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "This field is required."), ("hooks.slack.com/x", "must begin with https://"),
        ("ftp://a.example/x", "must begin with https://"), ("https://u:p@a.example/", "Do not put a name and password"),
    ],
)  # fmt: skip
def test_the_form_checks_the_address(url, words):
    assert words in errors("slack", url=url)["url"][0]
    assert errors("slack", url="https://hooks.slack.com/services/T/B/x") == {}
