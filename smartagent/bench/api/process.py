"""The requests of a job, to the application in this process."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from zlib import crc32

import schemathesis
from django.test.utils import override_settings

from smartagent.bench.api.in_process import BENCH_SETTINGS, prepare
from smartagent.bench.api.job import Job
from smartagent.bench.api.media import register_media_types
from smartagent.bench.api.phases import Operations, run_scenarios
from smartagent.bench.api.requests import Caller, Tally
from smartagent.bench.api.roles import headers_of, owner_of, somebody_of
from smartagent.wsgi import application

STATEFUL_SHARE = 0.2  # of the cases of a role


def main() -> None:
    """Run the job that standard input names."""
    job = Job(**json.load(sys.stdin))
    prepare(job.database)
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
