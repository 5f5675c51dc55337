"""Reports of errors to Sentry, or to what speaks its protocol, such as GlitchTip, where `SENTRY_DSN` is set.

A report has the traceback, the version, and the ids of run, rule and person as tags. It has no local variables, nothing
of a request but its route, no e-mail address, no token, and of the addresses of others only the host.
"""

import logging
from collections.abc import MutableMapping
from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.utils import BadDsn, Dsn

from smartagent.kernel.personal_data import without_personal

TAGS = ("run", "rule", "person", "entry", "delivery", "action")
REPORTED_LEVELS = ("error", "critical")
EXAMPLE = "https://key@sentry.example.com/1"


def start(dsn: str, environment: str, release: str) -> None:
    """Begin to report. A server that does not answer costs nothing: reports are sent by a thread, and given up."""
    try:
        Dsn(dsn)
    except BadDsn:
        raise ImproperlyConfigured(f"SENTRY_DSN is no address of a project; it should look like {EXAMPLE}.") from None
    sentry_sdk.init(
        dsn=dsn, environment=environment, release=release, before_send=scrubbed, server_name="", max_breadcrumbs=0,
        send_default_pii=False, include_local_variables=False, max_request_body_size="never",
        auto_enabling_integrations=False, shutdown_timeout=2,
        integrations=[DjangoIntegration(), LoggingIntegration(level=None, event_level=logging.ERROR)],
    )  # fmt: skip


def report(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Report a log line of ours that is an error; a processor of structlog."""
    if event.get("level") in REPORTED_LEVELS:
        with sentry_sdk.new_scope() as scope:
            for name, value in event.items():
                if name in TAGS:
                    scope.set_tag(name, str(value))
                elif name not in ("exc_info", "event", "level", "logger", "timestamp"):
                    scope.set_extra(name, str(value))
            if error := event.get("exc_info"):
                scope.set_extra("event", str(event["event"]))
                sentry_sdk.capture_exception(error if isinstance(error, BaseException) else None)
            else:
                sentry_sdk.capture_message(str(event["event"]), level="error")
    return event


def scrubbed(event: Any, hint: dict[str, Any]) -> Any:
    """The report without what is personal or secret; None for a log line of ours, which `report` has reported."""
    record = hint.get("log_record")
    if record is not None and isinstance(record.msg, dict):
        return None
    for name in ("user", "request"):  # the route is the event's transaction
        event.pop(name, None)
    return without_personal(event)
