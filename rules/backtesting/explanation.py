"""Why a rule fired or did not at one time: recomputed from the stored readings, with the rule at that time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rules.backtesting.inputs import moment_at, moments_between, timing_of, watch_past_of
from rules.backtesting.instances import InstanceInput, TooManyToAggregate, instances_of, watch_instance
from rules.backtesting.observations import ConditionResult
from rules.backtesting.replay import SilencedAt
from rules.backtesting.series import readings
from rules.backtesting.simulation import Silent, SimulatedStep, play
from rules.engine.state_machine import acted
from rules.engine.states import StateRecord, Timing
from rules.lifecycle.versions import as_it_was, made_at
from rules.models import AutomationRule
from smartagent.kernel.durations import length_text

BEFORE = timedelta(days=2)  # how far back the simulation of the state starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The evaluation at `at`: what was read and decided. `version` is the number of the rule's version, 0 where its
    history does not reach back; `made_at` is when the rule was created, where that was later; `step` is None where the
    state did not change; `observed` has the result of each condition;
    `queries` are the metrics whose past a data source was asked for."""

    at: datetime
    rule: AutomationRule
    version: int
    person: UUID
    observed: list[ConditionResult]
    verdict: str
    state: StateRecord
    step: SimulatedStep | None
    before: list[SimulatedStep]
    silence: Silent | None
    timing: Timing
    made_at: datetime | None = None
    queries: frozenset[str] = frozenset()

    @property
    def evaluated(self) -> bool:
        """Whether the rule was evaluated at that time."""
        return self.made_at is None and self.rule.status in (AutomationRule.Status.ACTIVE, AutomationRule.Status.DRAFT)


def explain(rule: AutomationRule, person: UUID, at: datetime, target: str = "") -> Explanation:
    """What `rule` did for `person` at the last evaluation up to `at`, with its causes; of a rule on series, for the one
    with the key `target`. ValueError where a condition of the rule cannot be read, there is no such series, or a data
    source does not give its history."""
    then, version = as_it_was(rule, at)
    start = at - BEFORE
    moments = moments_between(start, at)
    now = moment_at(moments, at) or at
    watched, timing = watch_past_of(then), timing_of(then)
    if then.watches_series:
        one = _instance(then, person, start, now, target)
    else:
        _, mine, shared = next(readings(watched, [person], start, now))
        one = InstanceInput("", watched, mine, shared)
    quiet = SilencedAt(then, start, now + timedelta(seconds=1)).of(person, target)
    observed = one.watched.evaluate(one.own, one.platform, now)
    steps = list(play(watch_instance(one, moments), moments, timing, quiet))
    earlier = [made for made in steps if made.at < now]
    return Explanation(
        at=now, rule=then, version=version, person=person, observed=observed,
        verdict=one.watched.combine_results(observed).verdict,
        state=_after(earlier[-1]) if earlier else StateRecord(), before=earlier[-5:], timing=timing,
        step=next((made for made in steps if made.at == now), None),
        silence=next((each for each in quiet if each.start <= now < each.end), None),
        made_at=None if version else made_at(rule), queries=watched.queries,
    )  # fmt: skip


def _instance(rule: AutomationRule, person: UUID, start: datetime, end: datetime, target: str) -> InstanceInput:
    try:
        found = instances_of(rule, person, start, end, target).listing
    except TooManyToAggregate as error:
        raise ValueError(
            f"This group has {error.series:,} series, too many to recompute: Why needs their readings at each "
            f"evaluation of the {length_text(BEFORE)} before. The activity log has what was decided; matchers, or more "
            f"labels to group by, make smaller groups."
        ) from error
    if not found:
        raise ValueError(f"The rule has no series {target or 'without labels'} for this person.")
    return found[0]


def _after(made: SimulatedStep) -> StateRecord:
    transition = made.transition
    return acted(transition.state, made.at) if transition.acts else transition.state
