"""The port of rule health checks: what can be wrong with a rule. One file per kind, one line in RULES_HEALTH.

A check examines all rules at once: its `sql` is a SELECT of `rule_id`, `weight` (higher is worse) and `facts` (a JSON
object) over the relation `rules`, which has the columns of automation_rules and holds the rules in question: active
ones and drafts. It can use the parameters `now`, `tick` (the time between two evaluations) and its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.urls import reverse

from rules.registries import checks
from smartagent.kernel.formats import plural
from smartagent.kernel.scope import has_everyone

__all__ = ["Facts", "HealthCheck", "HealthFinding", "before", "checks", "days", "days_sql", "owner_of", "times"]

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFinding:
    """A problem of one rule: a sentence with numbers, the advice, and a link."""

    kind: str
    label: str
    rule_id: UUID
    rule_name: str
    owner: str
    words: str
    advice: str
    link: str
    link_text: str


class HealthCheck:
    """A check of rule health."""

    kind: ClassVar[str]
    label: ClassVar[str]
    advice: ClassVar[str]
    link_text: ClassVar[str] = "Open rule"
    sql: ClassVar[str]

    def params(self, now: datetime) -> dict[str, Any]:
        """The parameters of `sql` besides now and tick; their names begin with the kind."""
        return {}

    def words(self, facts: Facts) -> str:
        """The problem as a sentence with its numbers."""
        raise NotImplementedError(f"{type(self).__name__} must say its words().")

    def link(self, rule_id: UUID, facts: Facts) -> str:
        """The URL of the page where the problem can be solved."""
        return reverse("admin:rules_automationrule_page", args=[rule_id])


def owner_of(user: Any) -> UUID | None:
    """The owner whose rules `user` sees; None for everybody's."""
    key: UUID = user.pk
    return None if has_everyone(user, "view") else key


def days(count: float) -> str:
    """`1 day`, `12 days`"""
    return f"{count:,.0f} {plural(count, 'day')}"


def times(count: int) -> str:
    """`once`, `12 times`"""
    return "once" if count == 1 else f"{count:,} times"


def days_sql(since: str) -> str:
    """The whole days from `since` to now, as an SQL expression."""
    return f"floor(extract(epoch FROM %(now)s::timestamptz - {since}) / 86400)::int"


def before(span: str) -> str:
    """The time `span` before now, as an SQL expression."""
    return f"(%(now)s::timestamptz - interval '{span}')"
