"""What an incident needs: people by name, the example platform, and responses through the product's own code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from optimizer.execution.responses import answer
from optimizer.execution.runner import apply
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import DecisionRefused
from rules.ingest.storage import Row, store
from rules.models import AutomationRule, Integration, MetricSample, RuleState
from rules.models.querysets import StateQuerySet
from smartagent.demo.platform.connection import connect
from smartagent.demo.platform.server import Running
from smartagent.demo.platform.service import Service
from smartagent.demo.replay import Happening
from smartagent.models import User

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The people, the platform, and the first and last time of the month."""

    people: dict[str, User]
    operators: tuple[User, User]
    platform: Running
    start: datetime
    end: datetime

    def person(self, name: str) -> User:
        """The person of that full name."""
        return self.people[name]

    def service(self, name: str) -> Service:
        """A service of the platform; breaking and healing it is what happens outside Smart Agent."""
        return self.platform.platform.services[name]

    def connected(self, name: str, service: str) -> Integration:
        """The person's integration with that service, working."""
        return connect(self.person(name).pk, self.service(service), self.platform.address, self.start)

    def has_room_for(self, begin: datetime) -> bool:
        """Whether the replay begins early enough for what happens from `begin` on."""
        return begin - HOUR >= self.start


def every(step: timedelta, begin: datetime, end: datetime, do: Callable[[datetime], Any]) -> Iterator[Happening]:
    """`do` at `begin`, and every `step` until `end`."""
    at = begin
    while at <= end:
        yield Happening(at, _at(do, at))
        at += step


def make_rule(owner: User, name: str, condition: str, action: str, at: datetime, **fields: Any) -> AutomationRule:
    """Create an active rule on a `condition` such as `queue_depth > 40`."""
    metric, operator, threshold = condition.split()
    rule = AutomationRule(
        user=owner, rule_name=name, metric_type=metric, condition_operator=operator, threshold_value=float(threshold),
        action_type=action, created_at=at, **fields,
    )  # fmt: skip
    rule._history_date = at  # type: ignore[attr-defined] # of the version
    rule.save(force_insert=True)
    return rule


def alerts(rule_name: str, person: User) -> StateQuerySet:
    """The instances of the rule for the person."""
    found: StateQuerySet = RuleState.objects.filter(rule__rule_name=rule_name, user=person)
    return found


def respond(verb: str, rule_name: str, person: User, by: User, at: datetime, note: str = "") -> None:
    """Respond to the newest optimization of the rule for the person, as its page does, where that is possible."""
    events = OptimizationEvent.objects.filter(rule__rule_name=rule_name, user=person, created_at__lt=at)
    wanted = ["applied"] if verb == "roll_back" else ["proposed"]
    event = events.filter(status__in=wanted).order_by("-created_at").first()
    if event is None:
        return
    try:
        answer(verb, event, by, at, lasts="30d", note=note)
    except DecisionRefused as refusal:
        raise RuntimeError(f"The demo could not {verb} “{event.reason}”: {refusal}") from refusal


def retry(rule_name: str, person: User, at: datetime) -> None:
    """Continue the optimizations of the rule whose step failed temporarily, as a worker does."""
    for event in OptimizationEvent.objects.filter(rule__rule_name=rule_name, user=person, status="applying"):
        apply(event.pk, at)


def write_sample(person: User, metric: str, target: str, value: float, at: datetime) -> None:
    """Write a pushed reading."""
    MetricSample.objects.push(user=person, metric=metric, target=target, value=round(value, 2), observed_at=at)


def copy_samples(rows: Sequence[Row]) -> None:
    """Write many pushed readings of (person, metric, target, value, time), known before they are written."""
    store(rows)


def _at(do: Callable[[datetime], Any], at: datetime) -> Callable[[], Any]:
    return lambda: do(at)
