"""Connections to the mail server, each kept for many messages: connecting and signing in take longer than a message.

They are Django's mail backends. Before one is used again it is asked whether it still works, and replaced otherwise.
"""

import os
import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import get_connection

TIMEOUT = 10  # seconds for each reply
KEPT = 20.0  # seconds without a message after which a connection is closed
MAX_MESSAGES = 50  # by one connection: many servers refuse more
NAMED = (
    "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS",
    "EMAIL_USE_SSL", "EMAIL_SSL_CERTFILE", "EMAIL_SSL_KEYFILE",
)  # fmt: skip


@dataclass(slots=True)
class MailConnection:
    """An open connection; `server` are the settings with which it was opened."""

    backend: Any
    server: tuple[Any, ...]
    sent: int = 0
    used_at: float = 0.0

    def works(self) -> bool:
        """Whether the server still answers; a backend that has no connection always works."""
        smtp = getattr(self.backend, "connection", None)
        try:
            return not isinstance(smtp, smtplib.SMTP) or smtp.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def close(self) -> None:
        """Close it; an error of one that is given up does not matter."""
        with suppress(smtplib.SMTPException, OSError):
            self.backend.close()


@contextmanager
def mail_connection() -> Iterator[Any]:
    """A connection for one message, open, and kept for the next. A refused message does not end it, any other error
    does."""
    found = _taken() or _opened()
    try:
        yield found.backend
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException):
        _keep(found)
        raise
    except BaseException:
        found.close()
        raise
    _keep(found)


def close_idle(seconds: float = 0.0) -> None:
    """Close the connections that nobody has used for so many seconds."""
    with _lock:
        until = time.monotonic() - seconds
        old = [each for each in _idle if each.used_at <= until]
        _idle[:] = [each for each in _idle if each.used_at > until]
    for each in old:
        each.close()
    if seconds:
        _close_later()


def _opened() -> MailConnection:
    backend = get_connection(fail_silently=False, timeout=TIMEOUT)
    found = MailConnection(backend, _server())
    try:
        backend.open()
    except BaseException:
        found.close()  # a sign-in that failed leaves it open
        raise
    return found


def _taken() -> MailConnection | None:
    """The connection that was used last; one to another server, or that no longer works, is closed."""
    while True:
        with _lock:
            found = _idle.pop() if _idle else None
        if found is None or (found.server == _server() and found.works()):
            return found
        found.close()


def _keep(used: MailConnection) -> None:
    used.sent, used.used_at = used.sent + 1, time.monotonic()
    if used.sent >= MAX_MESSAGES:
        used.close()
        return
    with _lock:
        _idle.append(used)
    _close_later()


def _close_later() -> None:
    """See to it that connections are closed when they are no longer used."""
    global _timer  # noqa: PLW0603
    with _lock:
        if _idle and not (_timer and _timer.is_alive() and _timer is not threading.current_thread()):
            _timer = threading.Timer(KEPT, close_idle, [KEPT])
            _timer.daemon = True
            _timer.start()


def _server() -> tuple[Any, ...]:
    return tuple(getattr(settings, name) for name in NAMED)


def _forget_inherited() -> None:
    """Leave the parent's connections to it in a forked child."""
    global _idle, _lock, _timer
    _inherited.append(_idle)  # to close them would end the parent's
    _idle, _lock, _timer = [], threading.Lock(), None


_idle: list[MailConnection] = []
_inherited: list[object] = []
_lock = threading.Lock()
_timer: threading.Timer | None = None
os.register_at_fork(after_in_child=_forget_inherited)
