"""What requests to the application in the process of a bench need: no limits, one connection, nothing that stays."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, connection, transaction

from rules.activity_export import response as activity_export
from rules.activity_stream import response as activity_stream
from smartagent.rest.slots import Slots

# As often as one likes, no mail is sent, and passwords, which are not what is measured, take no time.
BENCH_SETTINGS = {
    "ALLOWED_HOSTS": ["*"], "SECURE_SSL_REDIRECT": False, "DEBUG": False, "INGEST_SAMPLES_PER_MINUTE": 0,
    "API_REQUESTS_PER_MINUTE": {"token": 0, "person": 0, "address": 0},
    "LIMITS_PER_MINUTE": {"previews": 0, "searches": 0, "silences": 0},
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend", "REAUTHENTICATION_MINUTES": 10_000,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
}  # fmt: skip


def prepare(database: str) -> None:
    """Use this database, by one connection that outlives a request, and log nothing. Streams end at once, and who
    asks for every address need not wait for others who read one."""
    connection.settings_dict["NAME"] = database
    logging.disable(logging.CRITICAL)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    activity_stream.MAX_SECONDS = 0.0
    activity_stream.STREAM_SLOTS = Slots("streams", 1000, retry_after=15)
    activity_export.EXPORT_SLOTS = Slots("exports", 1000, retry_after=30)


class ServerErrors:
    """Remembers the last exception that a view raised, for the answer does not say."""

    def __init__(self) -> None:
        self.last = ""
        got_request_exception.connect(self._remember)

    def _remember(self, **_: Any) -> None:
        self.last = traceback.format_exc().strip()


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever the block writes is taken back, so that what is deleted is there for the next one."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)
