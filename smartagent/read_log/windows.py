"""Entries of what was read: at once for the first request, and gathered for those that repeat it."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from rules.models import ActivityEntry
from smartagent.kernel.client_address import client_address
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.command_line import actor_facts
from smartagent.kernel.reads import RECORDS_READ, Reads
from smartagent.models import User

WINDOW = timedelta(minutes=10)
MAX_PEOPLE, MAX_FILTERS, MAX_PAGE = 50, 20, 200
# Values that are no text of a person: times, ids, and the words of filters that offer a choice.
PLAIN_VALUE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9.:TZ+ -]{0,30}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CHOICES = {
    "action", "columns", "condition", "event", "feedback", "format", "group", "handling", "kind", "origin", "outcome",
    "period", "severity", "status", "strategy", "trigger", "type",
}  # fmt: skip
CHOSEN_VALUE = re.compile(r"[a-z0-9_,]{1,60}")
PLAIN_NAME = re.compile(r"[a-z_]{1,40}")
WITHHELD = "…"
# Where in a list one is: these lead through the same records.
PLACES = {"page", "p", "past", "cursor", "than", "last_event_id", "limit", "page_size"}
NOTE = f"""
INSERT INTO smartagent_read_windows AS w
       (user_id, page, query_digest, filters, started_at, last_at, further, records, people)
VALUES (%(user)s, %(page)s, %(digest)s, %(filters)s::jsonb, %(started)s, %(now)s, 0, 0, %(people)s::uuid[])
    ON CONFLICT (started_at, user_id, page, query_digest) DO UPDATE
   SET further = w.further + 1, records = w.records + %(records)s, last_at = greatest(w.last_at, excluded.last_at),
       people = ARRAY(SELECT DISTINCT p FROM unnest(w.people || excluded.people) p LIMIT {MAX_PEOPLE})
RETURNING further"""
CLOSE = f"""
WITH ended AS (DELETE FROM smartagent_read_windows WHERE started_at <= %(ended)s RETURNING *)
INSERT INTO agent_activity_log (agent_name, event_type, action_taken, context, created_at, executed_at)
SELECT 'person', '{RECORDS_READ}', 'none',
       jsonb_build_object('by', u.id, 'by_name', coalesce(nullif(u.full_name, ''), u.email), 'page', w.page,
                          'filters', w.filters, 'further', w.further, 'records', w.records, 'people', w.people,
                          'people_count', cardinality(w.people), 'since', w.started_at, 'until', w.last_at)
       || CASE WHEN cardinality(w.people) = 1
               THEN jsonb_build_object('person', w.people[1],
                                       'person_name', (SELECT coalesce(nullif(p.full_name, ''), p.email)
                                                         FROM smartagent_users p WHERE p.id = w.people[1]))
               ELSE '{{}}' END,
       %(now)s, %(now)s
  FROM ended w JOIN smartagent_users u ON u.id = w.user_id WHERE w.further > 0"""


def log_read(request: HttpRequest, reads: Reads) -> None:
    """Write the entry of what a request read of others, or count it to the one of the same page in these minutes."""
    kinds, people = reads.of_others(request.user.pk)
    if not people:
        return
    now, page, filters = timezone.now(), request.path[:MAX_PAGE].replace("\0", ""), shown_filters(request.GET)
    facts = _facts(page, kinds, people) | {"filters": filters, "address": client_address(request)}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(NOTE, {
                "user": request.user.pk, "page": page, "digest": _digest(request.GET), "filters": json.dumps(filters),
                "started": _window(now), "now": now, "records": facts["records"],
                "people": facts["people"],
            })  # fmt: skip
            (further,) = cursor.fetchone()
        if not further:
            _write(request.user, facts, now)


def log_command(by: Any, name: str, reads: Reads) -> None:
    """Write the entry of what a command has read."""
    kinds, people = reads.of_others(None)
    if people:
        _write(by, _facts(name, kinds, people), timezone.now())


def close_windows() -> None:
    """Scheduled: write what was counted in minutes that are over."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"ended": now - WINDOW, "now": now})


def shown_filters(query: QueryDict) -> dict[str, str]:
    """The filters as far as they are no free text, which may be somebody's name, address or secret."""
    names = [name for name in query if name not in PLACES and PLAIN_NAME.fullmatch(name)][:MAX_FILTERS]
    return {name: _shown(name, str(query[name])) for name in names if query[name]}


def _shown(name: str, value: str) -> str:
    is_plain = PLAIN_VALUE.fullmatch(value) or (name in CHOICES and CHOSEN_VALUE.fullmatch(value))
    return value if is_plain else WITHHELD


def _digest(query: QueryDict) -> str:
    kept = sorted((name, value) for name, values in query.lists() if name not in PLACES for value in values)
    return hashlib.sha256(repr(kept).encode(errors="surrogatepass")).hexdigest()


def _window(now: datetime) -> datetime:
    seconds = WINDOW.total_seconds()
    return now - timedelta(seconds=now.timestamp() % seconds)


def _facts(page: str, kinds: Counter[str], people: Counter[str]) -> dict[str, Any]:
    """What an entry says. Other programs may have written any text as the id of a person."""
    ids = [str(key) for person, _ in people.most_common(MAX_PEOPLE) if (key := as_uuid(person))]
    facts: dict[str, Any] = {"page": page, "kinds": dict(kinds), "records": people.total(), "people": ids}
    if len(people) == 1 and ids:
        person = User.objects.filter(pk=ids[0]).first()
        facts |= {"person": ids[0]} | ({"person_name": str(person)} if person else {})
    return facts | {"people_count": len(people)}


def _write(by: Any, facts: Mapping[str, Any], now: datetime) -> None:
    ActivityEntry.objects.create(
        agent_name="person", event_type=RECORDS_READ, action_taken="none", created_at=now, executed_at=now,
        context=actor_facts(by) | dict(facts),
    )  # fmt: skip
