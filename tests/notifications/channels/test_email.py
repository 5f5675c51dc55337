"""E-mail, to a real SMTP server: its parts, its headers, and what the server says."""

import email
import email.policy
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from notifications.channels import mail_connections
from notifications.channels.mime import domain
from smartagent.outbound.errors import Unreachable
from tests.notifications.channels.written import digest, errors, message, refusal, send

TO = "oncall@example.com"


class Mailbox:
    """Takes mail, unless its recipient is one of these."""

    def __init__(self):
        self.taken, self.refuses, self.says, self.sessions = [], {}, "250 OK", set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.sessions.add(session.peer)
        if self.says.startswith("250"):
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.taken.append((envelope.rcpt_tos, mail))
        return self.says


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def serve(settings, mailbox, **options):
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    return controller


@pytest.fixture
def mailbox(settings):
    settings.SITE_URL = "https://agent.example.com"
    box = Mailbox()
    controller = serve(settings, box)
    yield box
    mail_connections.close_idle()
    controller.stop()


def only(mailbox):
    ((to, mail),) = mailbox.taken
    assert to == [TO]
    return mail


def test_a_mail_arrives_as_text_and_as_html(mailbox):
    one = message(title="CPU <b>high</b>", acknowledge_url="https://agent.example.com/links/acknowledge/x/")
    assert send("email", one, to=TO).code == 250
    mail = only(mailbox)
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert (mail["Subject"], mail["To"]) == ("[HIGH] CPU <b>high</b>", TO)
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "CPU is 95: above 90." in text
    assert "CPU is 95: above 90." in html
    assert "CPU &lt;b&gt;high&lt;/b&gt;" in html
    for link in (one.url, one.acknowledge_url):
        assert link in text
        assert f'href="{link}"' in html


def test_what_is_told_of_one_instance_is_one_thread(mailbox):
    send("email", message(1), to=TO)
    send("email", message(2, reason="resolved"), to=TO)
    send("email", message(3, thread="another"), to=TO)
    first, second, third = (mail for _, mail in mailbox.taken)
    assert first["References"] == first["In-Reply-To"] == second["References"] != third["References"]
    assert first["Message-ID"] == f"<{UUID(int=1)}@agent.example.com>"
    assert len({first["Message-ID"], second["Message-ID"], first["References"]}) == 3


def test_a_second_attempt_is_the_same_mail(mailbox):
    for _ in range(2):
        send("email", message(), to=TO)
    assert len({mail["Message-ID"] for _, mail in mailbox.taken}) == 1


@pytest.mark.parametrize(
    ("site", "sender", "found"),
    [
        ("https://agent.example.com:8443", "x@mail.example.org", "agent.example.com"),
        ("http://localhost:8000", "Agent <x@mail.example.org>", "mail.example.org"),
        ("http://10.0.0.7", "x@mail.example.org", "mail.example.org"),
        ("http://[::1]:8000", "x@localhost", "localhost"),
    ],
)
def test_whose_the_ids_are(settings, site, sender, found):
    settings.SITE_URL, settings.DEFAULT_FROM_EMAIL = site, sender
    assert domain() == found


def test_one_unsubscribes_by_one_click(mailbox):
    send("email", message(unsubscribe_url="https://agent.example.com/links/unsubscribe/x/"), to=TO)
    mail = only(mailbox)
    assert mail["List-Unsubscribe"] == "<https://agent.example.com/links/unsubscribe/x/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "https://agent.example.com/links/unsubscribe/x/" in mail.get_body(("plain",)).get_content()


def test_no_one_click_without_https(mailbox):
    send("email", message(unsubscribe_url="http://localhost/x/"), to=TO)
    assert only(mailbox)["List-Unsubscribe"] == "<http://localhost/x/>"
    assert only(mailbox)["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1e", "\x85", "\u2028"])
def test_no_title_makes_a_header(mailbox, end):
    send("email", message(title=f"CPU{end}Bcc: eve@example.com{end}{end}<p>Hello", thread=f"7{end}X-Evil: 1"), to=TO)
    mail = only(mailbox)
    assert mail["Subject"] == "[HIGH] CPU Bcc: eve@example.com <p>Hello"
    assert mail["Bcc"] is mail["X-Evil"] is None


def test_a_long_title_is_cut(mailbox):
    send("email", message(title="ö" * 900), to=TO)
    assert len(only(mailbox)["Subject"].strip()) == 200


def test_a_digest(mailbox):
    send("email", digest(25, text="<script>alert(1)</script>\nThe next line"), to=TO)
    mail = only(mailbox)
    plain = mail.get_body(("plain",)).get_content()
    assert (plain.count("* CPU is high"), plain.count("\n  The next line")) == (10, 10)
    html = mail.get_body(("html",)).get_content()
    assert "and 15 more" in html
    assert "<script>" not in html


@pytest.mark.parametrize(("words", "permanent"), [("550 No such mailbox", True), ("450 Busy, come later", False)])
def test_a_recipient_that_is_refused(mailbox, words, permanent):
    mailbox.refuses[TO] = words
    error = refusal("email", message(), to=TO)
    assert str(error) == f"The mail server said {words}."
    assert (error.permanent, error.code) == (permanent, int(words[:3]))
    assert mailbox.taken == []


@pytest.mark.parametrize(("words", "permanent"), [("552 Mailbox full", True), ("451 Try again", False)])
def test_a_mail_that_is_refused(mailbox, words, permanent):
    mailbox.says = words
    error = refusal("email", message(), to=TO)
    assert (str(error), error.permanent) == (f"The mail server said {words}.", permanent)


def test_a_wrong_password_is_ours_so_that_mails_wait(settings):
    box = Mailbox()
    controller = serve(
        settings, box, auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=False, handled=False),
    )  # fmt: skip
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "agent", "wr0ng-password"
    error = refusal("email", message(), to=TO)
    controller.stop()
    assert (error.code, error.permanent) == (535, False)
    assert "wr0ng-password" not in str(error)


def test_no_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with pytest.raises(Unreachable, match="The mail server did not respond: Connection refused"):
        send("email", message(), to=TO)


def test_one_connection_takes_many_mails_and_is_kept_where_one_is_refused(mailbox, monkeypatch):
    mailbox.refuses["gone@example.com"] = "550 No such mailbox"
    for _ in range(3):
        send("email", message(), to=TO)
        assert refusal("email", message(), to="gone@example.com").permanent
    assert (len(mailbox.taken), len(mailbox.sessions)) == (3, 1)
    monkeypatch.setattr(mail_connections, "MAX_MESSAGES", 7)
    for _ in range(2):
        send("email", message(), to=TO)
    assert (len(mailbox.taken), len(mailbox.sessions)) == (5, 2)


def test_a_connection_that_the_server_has_closed_is_replaced(settings):
    box = Mailbox()
    first = serve(settings, box)
    send("email", message(), to=TO)
    first.stop()
    second = Controller(box, hostname="127.0.0.1", port=first.port)
    second.start()
    send("email", message(), to=TO)
    assert (len(box.taken), len(box.sessions)) == (2, 2)
    mail_connections.close_idle()
    second.stop()


def test_a_connection_is_closed_when_no_mail_is_sent_any_more(mailbox, monkeypatch):
    monkeypatch.setattr(mail_connections, "KEPT", 0.1)
    monkeypatch.setattr(mail_connections, "_timer", None)  # of another test
    send("email", message(), to=TO)
    assert len(mail_connections._idle) == 1
    until = time.monotonic() + 5
    while mail_connections._idle and time.monotonic() < until:
        time.sleep(0.02)
    assert mail_connections._idle == []


def test_many_threads_have_connections_of_their_own(mailbox):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: send("email", message(number), to=TO), range(20)))
    assert len(mailbox.taken) == 20
    assert len(mailbox.sessions) <= 4


@pytest.mark.parametrize("to", ["", "oncall", "a@example.com,b@example.com", "a@example.com\nBcc: b@example.com"])
def test_the_form_checks_the_address(to):
    assert list(errors("email", to=to)) == ["to"]
    assert errors("email", to=TO) == {}
