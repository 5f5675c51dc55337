"""A message as an e-mail: subject, text, HTML, and headers for threading and unsubscribing."""

from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

from django.conf import settings
from django.template.loader import render_to_string

from notifications.channels.message import OutgoingMessage

MAIL_COLOURS = {"low": "#475569", "medium": "#b45309", "high": "#c2410c", "critical": "#b91c1c"}


def subject_of(message: OutgoingMessage) -> str:
    """The subject in one line, with the severity first where it is high or critical."""
    mark = f"[{message.severity.upper()}] " if message.severity in ("high", "critical") else ""
    return mark + message.heading(200 - len(mark))


def text_of(message: OutgoingMessage) -> str:
    """The e-mail as plain text."""
    return render_to_string("notifications/email.txt", _context(message)).strip() + "\n"


def html_of(message: OutgoingMessage) -> str:
    """The e-mail as HTML with inline styles, as mail programs require."""
    return render_to_string("notifications/email.html", _context(message))


def thread_headers(message: OutgoingMessage) -> dict[str, str]:
    """Headers that thread all messages about one instance: each is a reply to the same, never sent, message.

    List-Unsubscribe with one click: RFC 8058, which requires https.
    """
    ours = domain()
    headers = {
        "Message-ID": f"<{message.id}@{ours}>",
        "Auto-Submitted": "auto-generated",
        "X-Smart-Agent": message.reason,
    }
    if message.thread:
        root = f"<{uuid5(NAMESPACE_OID, message.thread)}.thread@{ours}>"
        headers |= {"In-Reply-To": root, "References": root}
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
    if message.unsubscribe_url.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def domain() -> str:
    """The domain of message ids: the host of SITE_URL, else that of the sender."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return next((name for name in (host, sender) if "." in name and not _is_number(name)), sender or "localhost")


def _is_number(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _context(message: OutgoingMessage) -> dict[str, object]:
    return {
        "message": message, "shown": message.shown, "more": message.more,
        "colour": MAIL_COLOURS.get(message.severity, MAIL_COLOURS["low"]),
    }  # fmt: skip
