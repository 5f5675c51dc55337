"""All checks in one statement, over the rules that a person sees or over one rule."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func
from django.db.models.expressions import RawSQL

from rules.engine.conditions import Operator
from rules.engine.evaluated_rules import COMPLETE_SQL, IN_FORCE_SQL
from rules.engine.intervals import evaluation_interval
from rules.health.check import HealthCheck, HealthFinding, checks, owner_of

MAX_FINDINGS_SHOWN = 20
# The evaluated rows that AutomationRule.REPRESENTABLE allows, of one person or of one rule.
RULES_IN_FORCE_SQL = f"""
SELECT * FROM automation_rules r
 WHERE {IN_FORCE_SQL} AND {COMPLETE_SQL}
   AND condition_operator IN ({", ".join(f"'{symbol}'" for symbol in Operator.values)})
   AND (%(owner)s::uuid IS NULL OR user_id = %(owner)s) AND (%(rule)s::uuid IS NULL OR id = %(rule)s)
"""
NO_FINDINGS_SQL = (
    "SELECT NULL::text AS kind, NULL::uuid AS rule_id, 0::float8 AS weight, '{}'::jsonb AS facts WHERE false"
)
EXAMINE = """
WITH rules AS NOT MATERIALIZED ({rules}),
found AS MATERIALIZED ({found}),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY weight DESC, rule_id) AS place,
           count(*) OVER (PARTITION BY kind) AS of_kind
      FROM found)
SELECT f.kind, f.of_kind, (SELECT count(DISTINCT rule_id) FROM found), r.id, r.rule_name,
       coalesce(nullif(u.full_name, ''), u.email), f.facts
  FROM ranked f JOIN automation_rules r ON r.id = f.rule_id JOIN smartagent_users u ON u.id = r.user_id
 WHERE f.place <= %(maximum)s ORDER BY f.kind, f.place
"""
EXAMINED_COUNTS_SQL = """
WITH rules AS NOT MATERIALIZED ({rules})
SELECT count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'draft') FROM rules
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of finding: how many rules have it, and the worst of them."""

    kind: str
    label: str
    advice: str
    count: int
    findings: list[HealthFinding]

    @property
    def others(self) -> int:
        return self.count - len(self.findings)


@dataclass(frozen=True, slots=True)
class Examination:
    """The findings on the rules that a person sees; `affected` is the number of rules with a finding."""

    active: int
    drafts: int
    affected: int
    sections: list[Section]

    @property
    def looked_at(self) -> int:
        return self.active + self.drafts

    @property
    def well(self) -> int:
        return max(self.looked_at - self.affected, 0)

    @property
    def found(self) -> list[Section]:
        """The sections with at least one finding."""
        return [section for section in self.sections if section.count]


def examine(user: Any, now: datetime, kinds: Sequence[str] = (), maximum: int = MAX_FINDINGS_SHOWN) -> Examination:
    """Run every check, or those of `kinds`, over the rules that `user` sees; each section lists at most `maximum`
    findings."""
    chosen = [check for check in checks if not kinds or check.kind in kinds]
    scope = {"owner": owner_of(user), "rule": None}
    rows = _ask(chosen, now, scope | {"maximum": maximum})
    with connection.cursor() as cursor:
        cursor.execute(EXAMINED_COUNTS_SQL.format(rules=RULES_IN_FORCE_SQL), scope)
        active, drafts = cursor.fetchone()
    counts = {kind: count for kind, count, *_ in rows}
    found = list(_findings(rows))
    sections = [
        Section(
            check.kind, check.label, check.advice, counts.get(check.kind, 0),
            [finding for finding in found if finding.kind == check.kind],
        )
        for check in chosen
    ]  # fmt: skip
    return Examination(active, drafts, rows[0][2] if rows else 0, sections)


def findings_of(rule: UUID, now: datetime) -> list[HealthFinding]:
    """The findings on one rule, in the order of the checks."""
    rows = _ask(list(checks), now, {"owner": None, "rule": rule, "maximum": 1})
    found = {finding.kind: finding for finding in _findings(rows)}
    return [found[check.kind] for check in checks if check.kind in found]


def with_finding(kind: str, user: Any, now: datetime) -> Func:
    """A filter condition: the rules with a finding of `kind`.

    The ids are selected first and passed as an array: for a semi-join PostgreSQL would estimate too few rows and
    compare each pair.
    """
    check = checks[kind]
    sql = f"ARRAY(WITH rules AS NOT MATERIALIZED ({RULES_IN_FORCE_SQL}) SELECT rule_id FROM ({check.sql}) AS found)"
    # The statement is made of our own constants; what comes from outside is a parameter.
    ids = RawSQL(  # noqa: S611
        *_by_place(sql, _params([check], now) | {"owner": owner_of(user), "rule": None})
    )
    return Func(F("pk"), ids, template="(%(expressions)s)", arg_joiner=" = ANY ", output_field=BooleanField())


def _ask(chosen: Sequence[HealthCheck], now: datetime, params: dict[str, Any]) -> list[Any]:
    parts = [
        f"SELECT '{check.kind}'::text AS kind, rule_id, weight::float8, facts FROM ({check.sql}) AS {check.kind}"
        for check in chosen
    ]
    sql = EXAMINE.format(rules=RULES_IN_FORCE_SQL, found=" UNION ALL ".join(parts or [NO_FINDINGS_SQL]))
    # Compiling a statement of so many parts takes longer than running it.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('jit', 'off', true)")
        cursor.execute(sql, _params(chosen, now) | params)
        return list(cursor.fetchall())


def _params(chosen: Iterable[HealthCheck], now: datetime) -> dict[str, Any]:
    own = {name: value for check in chosen for name, value in check.params(now).items()}
    return own | {"now": now, "tick": evaluation_interval()}


def _findings(rows: list[Any]) -> Iterable[HealthFinding]:
    for kind, _, _, rule, name, owner, raw in rows:
        check, facts = checks[kind], json.loads(raw)  # Django gives JSON columns as text
        yield HealthFinding(
            kind=kind, label=check.label, rule_id=rule, rule_name=name, owner=owner, words=check.words(facts),
            advice=check.advice, link=check.link(rule, facts), link_text=check.link_text,
        )  # fmt: skip


def _by_place(sql: str, params: dict[str, Any]) -> tuple[str, list[Any]]:
    """The statement with positional parameters, as Django composes statements."""
    names: list[str] = []

    def note(found: re.Match[str]) -> str:
        names.append(found[1])
        return "%s"

    sql = re.sub(r"%\((\w+)\)s", note, sql)
    return sql, [params[name] for name in names]
