"""The requests of a job, to the application in this process."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from zlib import crc32

import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test.utils import override_settings

from rules.activity_export import response as activity_export
from rules.activity_stream import response as activity_stream
from smartagent.bench.api.job import Job
from smartagent.bench.api.media import register_media_types
from smartagent.bench.api.phases import Operations, run_scenarios
from smartagent.bench.api.requests import Caller, Tally
from smartagent.bench.api.roles import headers_of, owner_of, somebody_of
from smartagent.rest.slots import Slots
from smartagent.wsgi import application

STATEFUL_SHARE = 0.2  # of the cases of a role
# As often as one likes, no mail is sent, and passwords, which are not what is measured, take no time.
BENCH_SETTINGS = {
    "ALLOWED_HOSTS": ["*"], "SECURE_SSL_REDIRECT": False, "DEBUG": False, "INGEST_SAMPLES_PER_MINUTE": 0,
    "API_REQUESTS_PER_MINUTE": {"token": 0, "person": 0, "address": 0},
    "LIMITS_PER_MINUTE": {"previews": 0, "searches": 0, "silences": 0},
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
}  # fmt: skip


def main() -> None:
    """Run the job that standard input names."""
    job = Job(**json.load(sys.stdin))
    connection.settings_dict["NAME"] = job.database
    logging.disable(logging.CRITICAL)
    _keep_the_connection()
    _streams_end_at_once()
    with override_settings(**BENCH_SETTINGS):
        json.dump(run(job), sys.stdout)


def run(job: Job) -> dict[str, Any]:
    """Send the requests; return the tally, the role and the seconds."""
    began = time.perf_counter()
    register_media_types()
    schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
    person = somebody_of(job.role)
    own, *others = [things | person for things in (job.things[owner_of(job.role)], *job.things.values())]
    caller = Caller(headers_of(job.role), Tally())
    operations = Operations(schema, caller, [own, own, *others])
    for operation, examples in _shares(schema, job):
        number = job.seed + crc32(operation.label.encode())
        edges = bool(job.edges_every) and number % job.edges_every == 0
        operations.ask(operation, examples, seed=number, edges=edges)
    if steps := round(job.cases * STATEFUL_SHARE):
        run_scenarios(schema, caller, own, steps)
    return asdict(caller.tally) | {"role": job.role, "seconds": round(time.perf_counter() - began, 1)}


def _shares(schema: Any, job: Job) -> Iterator[tuple[Any, int]]:
    """The operations of the job, with the number of random cases of each."""
    operations = [found.ok() for found in schema.get_all_operations()][job.part :: job.parts]
    cases = round(job.cases * (1 - STATEFUL_SHARE))
    skipped = max(1, len(operations) // max(cases, 1))  # where there are fewer cases than operations
    chosen = operations[job.seed % skipped :: skipped]
    for place, operation in enumerate(chosen):
        yield operation, max(1, cases * (place + 1) // len(chosen) - cases * place // len(chosen))


def _keep_the_connection() -> None:
    """What a request has written is taken back by the connection that wrote it, which must outlive the request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)


def _streams_end_at_once() -> None:
    """Who asks for every address need not wait until a stream is over, nor for others who read one."""
    activity_stream.MAX_SECONDS = 0.0
    activity_stream.STREAM_SLOTS = Slots("streams", 1000, retry_after=15)
    activity_export.EXPORT_SLOTS = Slots("exports", 1000, retry_after=30)
