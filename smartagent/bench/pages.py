"""How long pages take over a log of millions of entries, beside the lightest page that is a list in the same shell.

The empty page is the activity list of a run that does not exist: the same middleware, shell, filters and templates, and
one look into an index that finds nothing. What a page takes longer than that is what its data costs.
"""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from smartagent.bench.activity_rows import ADMIN_EMAIL, make_activity
from smartagent.bench.export_process import exporting
from smartagent.models import User

REQUESTS_PER_PAGE = 20
EMPTY_PAGE = "/activity/?run={nowhere}"
# By name, the address; {names} are facts of the data, see `facts_of_data`.
PAGES = {
    "overview": "/",
    "overview, last 7 days": "/?within=7d",
    "wall display": "/?wall",
    "alerts": "/firing/",
    "a person": "/people/{person}/",
    "a rule": "/rules/{rule}/",
    "a rule, 30 days": "/rules/{rule}/?days=30",
    "activity": "/activity/",
    "activity, last 24 hours": "/activity/?within=24h",
    "activity, last 30 days": "/activity/?within=30d",
    "event, common": "/activity/?event=rule_fired",
    "event, triggered": "/activity/?event=triggered",
    "event, rare": "/activity/?event=rule_flapping",
    "event, none": "/activity/?event=rule_test",
    "status, common": "/activity/?status=success",
    "status, failed": "/activity/?status=failed",
    "status, pending": "/activity/?status=pending",
    "severity, common": "/activity/?severity=medium",
    "severity, critical": "/activity/?severity=critical",
    "action, common": "/activity/?action=alert",
    "action, rare": "/activity/?action=adjust",
    "metric, common": "/activity/?metric={metric}",
    "metric, none": "/activity/?metric=no_such_metric",
    "rule, common": "/activity/?rule={rule}",
    "rule, rare": "/activity/?rule={rare_rule}",
    "rule, by part of its name": "/activity/?rule=CPU",
    "person, common": "/activity/?person={person}",
    "person, rare": "/activity/?person={rare_person}",
    "person, by part of the name": "/activity/?person=duarte",
    "owner, common": "/activity/?owner={owner}",
    "owner, rare": "/activity/?owner={rare_owner}",
    "origin, other": "/activity/?origin=other",
    "run": "/activity/?run={run}",
    "two filters": "/activity/?person={person}&event=rule_fired&within=30d",
    "critical of a person": "/activity/?person={person}&severity=critical",
    "before a time": "/activity/?before={middle}",
    "search, a common word": "/activity/?search=cpu",
    "search, a rare word": "/activity/?search=timeouterror",
    "search, no such word": "/activity/?search=nowhere",
    "search, person and event": "/activity/?search=person:duarte+event:fired",
    "search, all times": "/activity/?search=target:trello+severity:critical&within=30d",
    "histogram and facets": "/activity/summary/",
    "histogram and facets, 30 days": "/activity/summary/?within=30d",
    "histogram and facets, search": "/activity/summary/?search=cpu&within=30d",
    "group by episode": "/activity/?group=episode",
    "group by episode, 30 days": "/activity/?group=episode&within=30d",
    "incident report": "/activity/report/?person={rare_person}",
    "REST": "/api/activity/",
    "REST, search": "/api/activity/?search=duarte+severity:critical",
    "REST, person": "/api/activity/?person={person}",
    "REST, critical": "/api/activity/?severity=critical",
    "export, first byte": "/api/activity/export/",
}
FACTS = {
    "rule": "SELECT rule_id FROM sampled WHERE rule_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "rare_rule": "SELECT rule_id FROM sampled WHERE rule_id IS NOT NULL GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
    "person": "SELECT context->>'person' FROM sampled GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "rare_person": "SELECT context->>'person' FROM sampled GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
    "owner": "SELECT user_id FROM sampled GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "rare_owner": "SELECT user_id FROM sampled GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
    "metric": "SELECT context->>'metric' FROM sampled GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "run": "SELECT run_id FROM sampled WHERE run_id IS NOT NULL LIMIT 1",
    "state": "SELECT state_id FROM sampled WHERE state_id IS NOT NULL LIMIT 1",
}
SAMPLED = "CREATE TEMP TABLE sampled AS SELECT * FROM agent_activity_log WHERE left(id::text, 2) < %s"


@dataclass(frozen=True, kw_only=True)
class PageFigures:
    """Milliseconds are medians of 20 after a warm-up; ratios are to the empty page. The export is of all entries."""

    entries: int
    pages: list[dict[str, Any]]
    export_rows_per_second: int
    export_peak_mb: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def bench_pages(entries: int, *, durable: bool = False) -> PageFigures:
    """Measure in the database of the default connection, a scratch one; an empty one is filled."""
    if not User.objects.filter(email=ADMIN_EMAIL).exists():
        make_activity(entries, timezone.now(), durable=durable)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM agent_activity_log")
        found = cursor.fetchone()[0]
    with override_settings(ALLOWED_HOSTS=["*"]):
        pages = list(measured(facts_of_data()))
    export = exporting(str(connection.settings_dict["NAME"]), ADMIN_EMAIL)
    return PageFigures(
        entries=found, pages=pages, export_rows_per_second=round(export.rows / export.seconds),
        export_peak_mb=export.peak_mb,
    )  # fmt: skip


def measured(facts: dict[str, str]) -> Iterable[dict[str, Any]]:
    """Each page with its milliseconds and its ratio to the empty one, which comes first."""
    client = Client()
    client.force_login(User.objects.get(email=ADMIN_EMAIL))
    empty = milliseconds(client, EMPTY_PAGE.format(**facts))
    yield {"name": "empty", "ms": round(empty, 1), "ratio": 1.0}
    for name, address in PAGES.items():
        ms = milliseconds(client, address.format(**facts))
        yield {"name": name, "ms": round(ms, 1), "ratio": round(ms / empty, 2)}


def milliseconds(client: Client, address: str) -> float:
    """The median of 20 requests; the first one warms up."""
    get(client, address)
    return median(get(client, address) for _ in range(REQUESTS_PER_PAGE))


def get(client: Client, address: str) -> float:
    """Milliseconds of one request, until its first byte where it is streamed."""
    begun = time.perf_counter()
    response: Any = client.get(address, secure=settings.HTTPS)
    if response.streaming:
        next(iter(response.streaming_content))
    took = time.perf_counter() - begun
    response.close()
    if response.status_code != 200:
        raise LookupError(f"{address} answers {response.status_code}")
    return took * 1000


def facts_of_data() -> dict[str, str]:
    """What stands in the addresses: frequent and rare values, from a sample of the entries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'agent_activity_log'")
        cursor.execute(SAMPLED, ["04" if cursor.fetchone()[0] > 100_000 else "zz"])
        found: dict[str, str] = {}
        for name, sql in FACTS.items():
            cursor.execute(sql)
            found[name] = str(cursor.fetchone()[0])
        cursor.execute("DROP TABLE sampled")
        cursor.execute("SELECT to_char(now() - interval '45 days', 'YYYY-MM-DD')")
        return found | {"middle": cursor.fetchone()[0], "nowhere": str(UUID(int=0))}
