"""The CPU of web-1 is busy for four hours of a day; the pager is out of order in the first half hour."""

from datetime import datetime, time, timedelta
from random import Random

from rules.health.feedback import judge
from rules.instances.handling import acknowledge, assign, comment_on
from rules.models import ActivityEntry
from smartagent.demo.incidents.on_call import PAGER, POLICY
from smartagent.demo.incidents.stage import HOUR, MINUTE, Stage, alerts, copy_samples, make_rule
from smartagent.demo.replay import Happening
from smartagent.demo.series import Incident, rhythm

RULE, SLOW, TARGET = "CPU of web-1 is high", "web-1 answers slowly", "web-1"
OBSERVED = timedelta(days=3)
# Metric: usual value, swing, how much the incident adds, and the highest that is possible.
PUSHED_SERIES = (("cpu_percent", 41.0, 5.0, 53.0, 99.8), ("latency_ms", 130.0, 30.0, 420.0, 5000.0))


def begin_of(end: datetime) -> datetime:
    """The last 13:00 that is at least six hours ago."""
    last = end - 6 * HOUR
    noon = datetime.combine(last.date(), time(13), end.tzinfo)
    return noon if noon <= last else noon - timedelta(days=1)


def happenings(stage: Stage, dice: Random) -> list[Happening]:
    """Return what happens; the readings are written before."""
    amara, bjorn = stage.operators
    begin, seen = begin_of(stage.end), max(stage.start, stage.end - OBSERVED)
    options = {"recipients": ["owner", "group:operators"], "escalation": POLICY, "notify_resolved": True}
    make_rule(bjorn, RULE, "cpu_percent > 85", "alert", stage.start, target_integration=TARGET, severity="high",
              critical_threshold=95, repeat_every=2 * HOUR, pending_for=5 * MINUTE, action_config=options,
              runbook_url="https://runbooks.example.com/web-1")  # fmt: skip
    make_rule(bjorn, SLOW, "latency_ms > 400", "notify", stage.start, target_integration=TARGET)
    if not stage.has_room_for(begin):
        return []
    _write_samples(stage, seen, Incident(begin, begin + 4 * HOUR, 1.0), dice)
    busy, pager = alerts(RULE, bjorn), stage.service(PAGER)
    return [
        Happening(begin, lambda: pager.broke("health")),
        Happening(begin + 27 * MINUTE, pager.healed),
        Happening(begin + 52 * MINUTE, lambda: acknowledge(
            busy, amara, begin + 52 * MINUTE, None, "Looking at the processes of web-1.")),
        Happening(begin + 53 * MINUTE, lambda: assign(busy, amara, begin + 53 * MINUTE, bjorn)),
        Happening(begin + 100 * MINUTE, lambda: comment_on(
            busy, bjorn, begin + 100 * MINUTE, "The monthly report reads every order. Stopped; the queue drains.")),
        Happening(begin + 5 * HOUR, lambda: _judge(stage, begin)),
    ]  # fmt: skip


def _write_samples(stage: Stage, seen: datetime, incident: Incident, dice: Random) -> None:
    """Write the readings: every half hour of the month, from `seen` on every five minutes."""
    person = stage.operators[1].pk
    spans = ((stage.start, seen - MINUTE, 30 * MINUTE), (seen, stage.end, 5 * MINUTE))
    rows = [
        (person, metric, TARGET, round(min(max(0.0, value + jump * min(1.0, 4 * incident.pull(at))), highest), 2), at)
        for metric, base, swing, jump, highest in PUSHED_SERIES
        for first, last, step in spans
        for at, value in rhythm(first, last, step, base, swing, dice)
    ]
    copy_samples(rows)


def _judge(stage: Stage, begin: datetime) -> None:
    """The alert was useful, the notification about slow answers only repeated it."""
    for name, useful in ((RULE, True), (SLOW, False)):
        fired = ActivityEntry.objects.filter(rule__rule_name=name, event_type="rule_fired", created_at__gte=begin)
        judge(list(fired.values_list("pk", flat=True)), stage.operators[0], useful, begin + 5 * HOUR)
