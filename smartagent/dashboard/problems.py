"""What needs attention besides alerts: each a line with a link, only where there is something."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from notifications.channels.status import STATUS_QUERIES
from notifications.models import Channel, Delivery
from rules.engine.evaluated_rules import acting
from rules.models import DispatchRun, RuleState
from smartagent.dashboard.overview_period import OverviewPeriod
from smartagent.kernel.formats import counted, plural
from smartagent.kernel.schema_drift_log import if_there

MAX_PROBLEMS_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class OverviewProblem:
    """One line: what is wrong, and the list of it."""

    text: str
    link: str
    tone: str = "warning"


def problems(user: Any, period: OverviewPeriod) -> list[OverviewProblem]:
    """All that `user` may see of it, in five queries; failures are those of the period."""
    sources: dict[str, Callable[[Any, OverviewPeriod], Iterator[OverviewProblem]]] = {
        "rules.view_dispatchrun": _runs, "notifications.view_channel": _channels,
        "notifications.view_delivery": _deliveries, "rules.view_rulestate": _instances,
    }  # fmt: skip
    found: list[OverviewProblem] = []
    for permission, source in sources.items():
        if user.has_perm(permission):
            found += if_there(lambda source=source: list(source(user, period))) or []  # type: ignore[misc]
    return found


def _runs(user: Any, period: OverviewPeriod) -> Iterator[OverviewProblem]:
    """Scheduled evaluations that failed or were late."""
    runs = DispatchRun.objects.visible_to(user).by_clock().filter(started_at__gte=period.start).order_by()
    found = runs.aggregate(
        failed=Count("pk", filter=Q(outcome="failed")), late=Count("pk", filter=Q(late_by__isnull=False))
    )  # fmt: skip
    place = "rules_dispatchrun"
    if found["failed"]:
        text = f"{counted(found['failed'], 'evaluation')} failed in {period.words}"
        yield OverviewProblem(text, _list(place, f"outcome=failed&within={period.name}"), "danger")
    if found["late"]:
        text = f"{counted(found['late'], 'evaluation')} late in {period.words}"
        yield OverviewProblem(text, _list(place, f"late=yes&within={period.name}"))


def _channels(user: Any, _: OverviewPeriod) -> Iterator[OverviewProblem]:
    """Enabled channels whose last delivery failed."""
    if failing := _capped(Channel.objects.visible_to(user).filter(STATUS_QUERIES["failing"])):
        yield OverviewProblem(
            _counted_as(failing, "channel", "failing"), _list("notifications_channel", "state=failing"), "danger"
        )


def _deliveries(user: Any, period: OverviewPeriod) -> Iterator[OverviewProblem]:
    """Deliveries that wait for a channel, are overdue, or failed in the period."""
    seen, place = Delivery.objects.visible_to(user), "notifications_delivery"
    if failed := _capped(seen.dead().filter(created_at__gte=period.start)):
        text = f"{_counted_as(failed, 'delivery', 'failed', 'deliveries')} in {period.words}"
        yield OverviewProblem(text, _list(place, f"status=dead&within={period.name}"), "danger")
    if waiting := _capped(seen.filter(status=Delivery.Status.WAITING)):
        text = f"{_counted_as(waiting, 'delivery', 'waiting', 'deliveries')} for a channel"
        yield OverviewProblem(text, _list(place, "status=waiting"))


def _instances(user: Any, _: OverviewPeriod) -> Iterator[OverviewProblem]:
    """Rules that have no data, or whose metric cannot be read."""
    states = RuleState.objects.visible_to(user).filter(acting("rule__"), condition__in=["no_data", "error"])
    rows = states.order_by().values_list("condition").annotate(rules=Count("rule", distinct=True))
    found = dict(rows)
    if broken := found.get("error"):
        text = f"{counted(broken, 'rule')} with readings in error"
        yield OverviewProblem(text, _list("rules_rulestate", "condition=error"), "danger")
    if without := found.get("no_data"):
        yield OverviewProblem(f"{counted(without, 'rule')} without data", _list("rules_rulestate", "condition=no_data"))


def _capped(rows: QuerySet[Any]) -> int:
    """Counted up to a cap, so that a million costs no more than a thousand."""
    return rows.order_by()[: MAX_PROBLEMS_COUNTED + 1].count()


def _counted_as(count: int, noun: str, state: str, many: str = "") -> str:
    if count > MAX_PROBLEMS_COUNTED:
        return f"{MAX_PROBLEMS_COUNTED:,}+ {plural(count, noun, many)} {state}"
    return f"{counted(count, noun, many)} {state}"


def _list(place: str, query: str) -> str:
    return f"{reverse(f'admin:{place}_changelist')}?{query}"
