"""However long a message is, value, threshold and link arrive; and nothing in it hides or breaks a line."""

import json

import pytest

from notifications.channels import apprise, pagerduty, slack, sms, teams
from notifications.channels.email import mail_of
from notifications.channels.mime import subject_of
from notifications.channels.truncation import fitted, numbers_in, numbers_of
from notifications.templating import in_words
from smartagent.kernel.visible_text import in_page, one_line, paragraphs
from tests.notifications.channels.written import message

FACTS = {"metric": "cpu", "value": 95.0, "operator": ">", "threshold": 90, "target": ""}
NUMBERS = "cpu is 95: above 90."
OWN = "Look at the handbook & <call> somebody. " * 150
LONG = message(text=f"{OWN}\n{NUMBERS}", facts=FACTS)
WAYS = {
    "slack blocks": lambda one: json.dumps(slack.slack_payload(one)["attachments"]),
    "slack text": lambda one: slack.slack_payload(one)["text"],
    "teams": lambda one: json.dumps(teams.teams_payload(one)),
    "teams, small": lambda one: json.dumps(teams.teams_payload(one, 120)),
    "sms": sms.text,
    "apprise": lambda one: apprise.text(one, 1000),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("title", ["CPU is high", "x" * 2000])
def test_numbers_and_link_survive_a_long_text_of_ones_own(way, title):
    for one in (message(title=title, text=LONG.text, facts=FACTS), in_words(LONG, "", "{{ text }} " + OWN[:2000])):
        text = WAYS[way](one)
        assert not one.wording_failed
        assert (NUMBERS in text, one.url in text) == (True, True)


@pytest.mark.parametrize("maximum", [150, 3000])
def test_slack_takes_what_is_kept(maximum):
    kept = slack.kept("&" * 5000 + OWN, maximum, "a<b is 95: above 90.")
    assert len(kept) <= maximum
    assert kept.endswith("a&lt;b is 95: above 90.")


def test_numbers_survive_in_subjects_and_summaries():
    one = message(title="x" * 3000, facts=FACTS)
    assert subject_of(one).endswith(NUMBERS)
    assert len(subject_of(one)) <= 200
    summary = pagerduty.event(one)["payload"]["summary"]
    assert (len(summary) <= 1024, summary.endswith(NUMBERS)) == (True, True)
    header = slack.slack_payload(one)["blocks"][0]["text"]["text"]
    assert (len(header) <= 150, header.endswith(NUMBERS)) == (True, True)


def test_each_message_of_a_digest_keeps_its_numbers():
    one = message(reason="digest", text="", facts={}, items=(LONG, message(text=OWN, facts=FACTS | {"value": 97})))
    for text in (WAYS["slack blocks"](one), WAYS["teams, small"](one)):
        assert NUMBERS in text
        assert "pu is 97: above 90." in text


def test_what_fits_is_left_as_it_is():
    assert fitted("short", 5, NUMBERS) == "short"
    assert fitted("", 5, NUMBERS) == ""
    assert fitted(f"{NUMBERS} {OWN}", 100, NUMBERS).count(NUMBERS) == 1


@pytest.mark.parametrize(
    ("count", "lines"), [(None, 1), (3, 3), (10, 10), (12, 11)],
)  # fmt: skip
def test_the_numbers_are_those_of_the_first_instance(count, lines):
    text = "\n".join(["Own words.", *(f"cpu of {n} is 95: above 90." for n in range(lines))])
    assert numbers_in(text, FACTS | ({"count": count} if count else {})) == "cpu of 0 is 95: above 90."


def test_where_there_are_no_numbers_none_are_added():
    assert numbers_in("Own words.", {}) == numbers_of({"value": None, "threshold": 9}) == numbers_of({}) == ""


HOSTILE = "CPU\r\nBcc: eve@evil.example\u202egnp.exe\u2028x\x1b[31m\x00\u200b\ud800"


@pytest.mark.parametrize("way", [*WAYS, "subject", "pagerduty"])
def test_nothing_hides_or_breaks_a_line_in_a_title(way):
    one = message(title=HOSTILE, facts=FACTS, text=HOSTILE)
    ways = WAYS | {"subject": subject_of, "pagerduty": lambda one: json.dumps(pagerduty.event(one)["payload"])}
    text = ways[way](one)
    assert not any(sign in text for sign in "\r\u202e\u2028\x1b\x00\u200b\ud800")
    assert "CPU Bcc: eve@evil.example" in text.replace("\\n", " ").replace("\n", " ")
    text.encode()


def test_a_title_smuggles_no_header_into_a_mail():
    mail = mail_of(message(title=HOSTILE, facts=FACTS), "a@example.com", None).message()
    assert "Bcc" not in mail
    assert "\n" not in mail["Subject"].replace("\n ", " ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"), ("a  b\nc", "a b c"), ("ad\u200dmin", "ad�min"), ("a\u202eb", "a�b"),
        ("👩\u200d🔧 ok", "👩\u200d🔧 ok"), ("می\u200cخواهم", "می\u200cخواهم"), ("שלום", "שלום"),
        ("\u2066x\u2069", "�x�"), ("a\u0085b", "a b"), ("e\u0301", "e\u0301"),
    ],
)  # fmt: skip
def test_what_hides_is_made_visible(text, shown):
    assert one_line(text) == shown


def test_a_text_keeps_its_lines():
    assert paragraphs("a\r\nb\rc\n\td\u2029e") == "a\nb\nc\n\td\ne"


def test_a_page_shows_overrides():
    assert in_page("<td>a\u202eb\u2067c\x01</td>\r\n") == "<td>a�b�c�</td>\r\n"
