"""Log lines on standard error, as key=value or as JSON; errors also go to Sentry where it is set."""

import logging.config
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured

from smartagent.kernel.visible_text import paragraphs

LOGFMT, JSON = "logfmt", "json"


def visibly(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Texts of others begin no line of their own, move no cursor and turn no text around."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = paragraphs(value)
    return event


def briefly(record: logging.LogRecord) -> bool:
    """What somebody asked for and may not have or is not there takes one line: the traceback helps nobody."""
    if record.levelno < logging.ERROR:
        record.exc_info = None
    return True


def configure(config: dict[str, Any]) -> None:
    """Configure logging for Django's LOGGING_CONFIG; `config` has `level`, `format` and `sentry`, the arguments of
    `error_reports.start` where errors are reported."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
    ]
    reports = _reports(config.get("sentry"))
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            visibly,
            _renderer(config.get("format", LOGFMT)),
        ],
        "foreign_pre_chain": [*shared, structlog.processors.format_exc_info],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"logfmt": formatter},
            "filters": {"briefly": {"()": lambda: briefly}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "logfmt"}},
            "root": {"handlers": ["stderr"], "level": config["level"]},
            # Successful tasks are not logged, failures are. Outgoing requests are not: their URLs may be secrets, and
            # with DEBUG answers would be logged.
            "loggers": {
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "urllib3": {"level": "WARNING"},
                "apprise": {"level": "WARNING"},
                "django-q": {"level": "WARNING"},
                "django.request": {"filters": ["briefly"]},
            },
        }
    )
    structlog.configure(
        processors=[
            *shared,
            *reports,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(config["level"]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _renderer(name: str) -> Any:
    if name == JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if name == LOGFMT:
        return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    raise ImproperlyConfigured(f"LOG_FORMAT is {name!r}; it must be {LOGFMT} or {JSON}.")


def _reports(sentry: dict[str, str] | None) -> list[Any]:
    """The processor that reports errors, where it is wanted; its library takes a moment to load."""
    if not sentry:
        return []
    error_reports = import_module("smartagent.setup.error_reports")
    error_reports.start(**sentry)
    return [error_reports.report]
