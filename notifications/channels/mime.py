"""A message as an e-mail: subject, text, HTML, and the headers that thread it and let one unsubscribe."""

from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

from django.conf import settings
from django.template.loader import render_to_string

from notifications.channels.message import OutgoingMessage

MAIL_COLOURS = {"low": "#475569", "medium": "#b45309", "high": "#c2410c", "critical": "#b91c1c"}


def subject_of(letter: OutgoingMessage) -> str:
    """One line, the severity first where it matters."""
    mark = f"[{letter.severity.upper()}] " if letter.severity in ("high", "critical") else ""
    return mark + letter.heading(200 - len(mark))


def text_of(letter: OutgoingMessage) -> str:
    """The mail as plain text."""
    return render_to_string("notifications/email.txt", _context(letter)).strip() + "\n"


def html_of(letter: OutgoingMessage) -> str:
    """The mail as HTML, its styles within, as mail programs want them."""
    return render_to_string("notifications/email.html", _context(letter))


def thread_headers(letter: OutgoingMessage) -> dict[str, str]:
    """All messages about one instance are answers to one that was never sent, so that programs show them together.

    List-Unsubscribe with one click: RFC 8058, which wants https for it.
    """
    ours = domain()
    headers = {
        "Message-ID": f"<{letter.id}@{ours}>",
        "Auto-Submitted": "auto-generated",
        "X-Smart-Agent": letter.reason,
    }
    if letter.thread:
        root = f"<{uuid5(NAMESPACE_OID, letter.thread)}.thread@{ours}>"
        headers |= {"In-Reply-To": root, "References": root}
    if letter.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
    if letter.unsubscribe_url.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def domain() -> str:
    """Where the ids of mails are from: the host that people reach us by, else that of whom mails are from."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return next((name for name in (host, sender) if "." in name and not _is_number(name)), sender or "localhost")


def _is_number(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _context(letter: OutgoingMessage) -> dict[str, object]:
    return {
        "letter": letter, "shown": letter.shown, "more": letter.more,
        "colour": MAIL_COLOURS.get(letter.severity, MAIL_COLOURS["low"]),
    }  # fmt: skip
