"""Where anchors are written each day, by settings: a file, a webhook, a mail."""

import os
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail

from rules.audit.anchors import Anchor, newest_anchor
from smartagent.outbound.client import send
from smartagent.outbound.errors import NotSent

NO_PLACE = "No place for anchors is set: AUDIT_ANCHOR_FILE, AUDIT_ANCHOR_URL or AUDIT_ANCHOR_EMAIL."


class AnchorNotWritten(Exception):
    """An anchor could not be written; the message says where, and why."""


def anchor_places() -> list[str]:
    """The places that are set, in words."""
    places = {
        "the file of AUDIT_ANCHOR_FILE": settings.AUDIT_ANCHOR_FILE,
        "the webhook of AUDIT_ANCHOR_URL": settings.AUDIT_ANCHOR_URL,
        "mail to AUDIT_ANCHOR_EMAIL": settings.AUDIT_ANCHOR_EMAIL,
    }
    return [words for words, value in places.items() if value]


def publish_anchor() -> str:
    """Write the newest link to all places; return what was done, AnchorNotWritten where one failed."""
    anchor, places = newest_anchor(), anchor_places()
    if anchor is None:
        return "Nothing is sealed yet."
    if not places:
        return NO_PLACE
    failures = [failure for write in (_to_file, _to_webhook, _to_mail) if (failure := write(anchor))]
    if failures:
        raise AnchorNotWritten(" ".join(failures))
    return f"Link {anchor.number} written to {', '.join(places)}."


def _to_file(anchor: Anchor) -> str:
    if not settings.AUDIT_ANCHOR_FILE:
        return ""
    try:
        handle = os.open(Path(settings.AUDIT_ANCHOR_FILE), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(anchor.as_line() + "\n")
    except OSError as error:
        return f"The anchor could not be written to {settings.AUDIT_ANCHOR_FILE}: {error.strerror}."
    return ""


def _to_webhook(anchor: Anchor) -> str:
    if not settings.AUDIT_ANCHOR_URL:
        return ""
    try:
        answer = send(
            "POST", settings.AUDIT_ANCHOR_URL, content=anchor.as_line().encode(),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
    except NotSent as error:
        return f"The anchor could not be sent to the webhook: {error}"
    return "" if answer.succeeded else f"The webhook for anchors answered {answer.code}."


def _to_mail(anchor: Anchor) -> str:
    if not settings.AUDIT_ANCHOR_EMAIL:
        return ""
    text = (
        "The newest link of the chain of the activity log. Keep this line: `manage.py audit verify --anchor FILE` "
        f"checks the log against it.\n\n{anchor.as_line()}\n"
    )
    try:
        send_mail(f"Activity log: link {anchor.number}", text, None, [settings.AUDIT_ANCHOR_EMAIL])
    except OSError as error:  # smtplib's errors as well
        return f"The anchor could not be sent by mail: {error}"
    return ""
