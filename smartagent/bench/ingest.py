"""Samples through the requests of each protocol, beside a COPY of the same rows into the same tables.

Requests go through the real WSGI application in this process, with all of its middleware and a token: only the socket
of a web server is left out. Each has one sample of each of up to 10,000 series, as a scrape has; bodies are made before
their time is taken.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from smartagent.accounts.tokens import issue_token
from smartagent.bench.floors import copy_again
from smartagent.bench.ingest_bodies import BODIES, Body, Sample
from smartagent.models import User

SERIES_PER_REQUEST = 10_000
UNLIMITED = 10**12  # samples in a minute: they are counted, and never too many
UNLIMITED_REQUESTS = {"token": UNLIMITED, "person": UNLIMITED, "address": UNLIMITED}
SCRAPE_INTERVAL = timedelta(seconds=15)


class NotTaken(Exception):
    """A request was refused."""


class Answered:
    """Takes the status of a response, as a WSGI server does."""

    status = ""

    def __call__(self, status: str, headers: list[tuple[str, str]], info: Any = None, /) -> Callable[[bytes], object]:
        self.status = status
        return BytesIO().write


@dataclass(frozen=True, kw_only=True)
class ProtocolFigures:
    """Of one protocol; the floor is a COPY of the rows that it wrote."""

    protocol: str
    samples_per_second: int
    floor_per_second: int
    ratio: float


def bench_ingest(samples: int) -> dict[str, list[dict[str, Any]]]:
    """Measure in the database of the default connection, which must be a scratch database."""
    user = User.objects.create_superuser("bench@example.com", None)
    token = issue_token(user, "bench")[1]
    with override_settings(INGEST_SAMPLES_PER_MINUTE=UNLIMITED, API_REQUESTS_PER_MINUTE=UNLIMITED_REQUESTS):
        return {"protocols": [asdict(_measured(name, body, samples, token)) for name, body in BODIES.items()]}


def _measured(protocol: str, body: Body, samples: int, token: str) -> ProtocolFigures:
    application, seconds = get_internal_wsgi_application(), 0.0
    _sent(application, _environ(body, next(_batches(1)), token))  # which loads the code of all addresses
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE metric_series, metric_samples CASCADE")
    for batch in _batches(samples):
        environ = _environ(body, batch, token)
        started = time.perf_counter()
        answered, said = _sent(application, environ)
        seconds += time.perf_counter() - started
        if not answered.status.startswith("2"):
            raise NotTaken(f"{protocol}: {answered.status} {said[:500]!r}")
    _check(samples)
    floor = copy_again("metric_series", "metric_samples")
    return ProtocolFigures(
        protocol=protocol, samples_per_second=round(samples / seconds), floor_per_second=round(samples / floor),
        ratio=round(seconds / floor, 2),
    )  # fmt: skip


def _sent(application: Any, environ: dict[str, Any]) -> tuple[Answered, bytes]:
    answered = Answered()
    return answered, b"".join(application(environ, answered))


def _batches(samples: int) -> Iterator[list[Sample]]:
    """The samples of each request: one of each series, at one time."""
    requests = -(-samples // SERIES_PER_REQUEST)
    now = datetime.fromtimestamp(int(timezone.now().timestamp()), UTC)
    for number in range(requests):
        at = now - SCRAPE_INTERVAL * (requests - number)
        count = min(SERIES_PER_REQUEST, samples - number * SERIES_PER_REQUEST)
        yield [(_labels(place), at, float(place * 7 + number)) for place in range(count)]


def _labels(place: int) -> dict[str, str]:
    return {
        "cpu": str(place % 64), "instance": f"host-{place // 64}.example.com:9100", "job": "node", "mode": "idle",
        "team": "platform",
    }  # fmt: skip


def _environ(body: Body, batch: list[Sample], token: str) -> dict[str, Any]:
    data, headers = body.make(batch), {"HTTP_AUTHORIZATION": f"Bearer {token}"} | body.headers
    return headers | {
        "REQUEST_METHOD": "POST", "PATH_INFO": body.path, "CONTENT_TYPE": body.content_type,
        "CONTENT_LENGTH": str(len(data)), "wsgi.input": BytesIO(data), "wsgi.url_scheme": "http",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.errors": BytesIO(),
        "HTTP_X_FORWARDED_PROTO": "https",
    }  # fmt: skip


def _check(samples: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM metric_samples")
        if (stored := cursor.fetchone()[0]) != samples:
            raise NotTaken(f"{stored:,} of {samples:,} samples are stored.")
