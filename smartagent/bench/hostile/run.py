"""How many hostile inputs broke a page or an operation of the API, and how many were executed."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from smartagent.bench.api.in_process import BENCH_SETTINGS
from smartagent.bench.api.roles import ADMINISTRATOR, make_people, somebody_of, user_of
from smartagent.bench.hostile.api_places import PART, places_of_api
from smartagent.bench.hostile.form_places import FORMS, SIGN_IN, places_of_forms
from smartagent.bench.hostile.job import Job, run_in_process
from smartagent.bench.hostile.places import Place
from smartagent.bench.scratch import copies_of

PARTS = (PART, FORMS, SIGN_IN)
JOBS = 8
SHOWN_FAILURES = 100
COUNTED = ("fields", "requests", "server_errors", "executed")


def bench_hostile(inputs: int) -> dict[str, Any]:
    """Send in copies of the database of the default connection, which must be a scratch database."""
    places = all_places(make_people(timezone.now())["member"])
    with copies_of(str(connection.settings_dict["NAME"]), JOBS) as names:
        jobs = [Job(database=name, inputs=inputs, places=places[number::JOBS]) for number, name in enumerate(names)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return figures_of(inputs, list(chain.from_iterable(pool.map(run_in_process, jobs))))


def all_places(known: dict[str, str]) -> list[Place]:
    """The text fields of the API, of the forms of an administrator, and of those without a sign-in."""
    with override_settings(**BENCH_SETTINGS):
        client = Client(raise_request_exception=False)
        client.force_login(user_of(ADMINISTRATOR))
        description = client.get("/api/schema/?format=json").json()
        return [
            *places_of_api(description, known | somebody_of(ADMINISTRATOR)),
            *places_of_forms(client),
            *places_of_forms(Client(raise_request_exception=False), nobody=True),
        ]


def figures_of(inputs: int, tallies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all places together, and those of each part; a failure is a server error or an execution."""
    rows = [_row(part, [each for each in tallies if each["part"] == part]) for part in PARTS]
    sums = {name: sum(row[name] for row in rows) for name in COUNTED}
    failed = [failure for each in tallies for failure in each["failed"]]
    return {"inputs": inputs, **sums, "failures": len(failed), "parts": rows, "failed": failed[:SHOWN_FAILURES]}


def _row(part: str, tallies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(each[name] for each in tallies) for name in COUNTED}
    return {"part": part, **sums}
