"""How many requests of each role the API answers as its description says, and which it does not.

Each role has processes and databases of its own, copies of one that has one of everything. Only the socket of a web
server is left out: requests go through the whole WSGI application.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

from django.db import connection
from django.utils import timezone

from smartagent.bench.api.job import Job, run_in_process
from smartagent.bench.api.roles import ADMINISTRATOR, make_people
from smartagent.bench.scratch import copies_of

# The administrator, whom most is allowed, also asks at the edges of what is allowed: in parts, as that takes long.
EDGES_SHARE = 0.6  # of all cases
EDGE_CASES = 14_000  # of all operations, about
CASES_PER_PART = 5000
SHOWN_FAILURES = 100


class NotInstalled(Exception):
    """The requests are made by a package that only the tests require."""


def require_schemathesis() -> None:
    """NotInstalled where the package that makes the requests is missing."""
    if find_spec("schemathesis") is None:
        raise NotInstalled("bench api needs schemathesis: pip install -r tests/requirements.txt")


def bench_api(cases: int, roles: Sequence[str], seed: int) -> dict[str, Any]:
    """Ask in copies of the database of the default connection, which must be a scratch database."""
    planned = jobs_of(cases, roles, seed, make_people(timezone.now()))
    with copies_of(str(connection.settings_dict["NAME"]), len(planned)) as names:
        jobs = [Job(**job, database=name) for job, name in zip(planned, names, strict=True)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return figures_of(list(pool.map(run_in_process, jobs)), roles)


def figures_of(found: Sequence[dict[str, Any]], roles: Sequence[str]) -> dict[str, Any]:
    """The figures of all jobs together, those of each role, and what failed."""
    rows = [_row(role, [each for each in found if each["role"] == role]) for role in roles]
    failed = [{"role": each["role"], **failure} for each in found for failure in each["found"].values()]
    sums = {name: sum(row[name] for row in rows) for name in ("cases", "failures", "server_errors")}
    return sums | {"roles": rows, "failed": failed[:SHOWN_FAILURES]}


def jobs_of(cases: int, roles: Sequence[str], seed: int, things: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """The fields of each job but its database."""
    share = -(-round(cases * (1 - EDGES_SHARE)) // len(roles))
    every, parts = max(1, round(EDGE_CASES / (cases * EDGES_SHARE))), 1 + cases // CASES_PER_PART
    at_edges = ADMINISTRATOR if ADMINISTRATOR in roles else roles[-1]
    long: list[dict[str, Any]] = [
        {"role": at_edges, "cases": -(-share // parts), "part": part, "parts": parts, "edges_every": every}
        for part in range(parts)
    ]
    short = [{"role": role, "cases": share} for role in roles if role != at_edges]
    return [job | {"seed": seed, "things": things} for job in (*long, *short)]


def _row(role: str, found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    rows = list(found)
    names = ("cases", "failures", "server_errors", "seconds")
    return {"role": role} | {name: round(sum(row[name] for row in rows), 1) for name in names}
