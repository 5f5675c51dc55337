"""Rules of every kind, as a team has them after some months."""

from datetime import datetime, timedelta
from typing import Any

from rules.models import AutomationRule
from smartagent.demo.incidents.on_call import POLICY
from smartagent.models import User

HOUR = timedelta(hours=1)


def make_rules(people: list[User], keeper: User, at: datetime) -> list[AutomationRule]:
    """Create the rules; those that watch everyone belong to `keeper`."""
    olga, others = people[0], people
    rows: list[tuple[User, str, str, str, float, str, dict[str, Any]]] = [
        (keeper, "Fusion score is low", "fusion_score", "<", 55, "alert", {
            "severity": "high", "applies_to": "everyone", "repeat_every": 12 * HOUR,
            "action_config": {"message": "Check the weakest integration first."},
            "runbook_url": "https://runbooks.example.com/fusion-score"}),
        (keeper, "Many anomalies in a day", "anomaly_count", ">", 4, "notify",
         {"applies_to": "everyone", "repeat_every": 24 * HOUR}),
        (keeper, "Efficiency wants a tune-up", "efficiency_index", "<", 68, "optimize",
         {"applies_to": "everyone", "repeat_every": 24 * HOUR}),
        (keeper, "An integration is down", "integration_health", "=", 25, "alert",
         {"severity": "critical", "applies_to": "everyone", "repeat_every": 4 * HOUR,
          "action_config": {"escalation": POLICY, "notify_resolved": True}}),
        (olga, "Integration errors pile up", "integration_error_count", ">=", 5, "optimize",
         {"applies_to": "everyone", "repeat_every": 24 * HOUR}),
        (olga, "Write down weak scores", "fusion_score", "<", 65, "log",
         {"applies_to": "everyone", "repeat_every": 24 * HOUR, "action_config": {"note": "For the weekly review."}}),
        (others[1], "My CPU is busy", "cpu_percent", ">", 85, "alert", {"severity": "high", "repeat_every": HOUR}),
        (others[2], "Latency above half a second", "latency_ms", ">", 500, "alert", {"severity": "critical"}),
        (others[3], "Queue is growing", "queue_depth", ">=", 100, "notify", {"severity": "low"}),
        (others[4], "CPU is idle by day", "cpu_percent", "<", 8, "log", {"repeat_every": 24 * HOUR}),
        (others[5], "Slow answers", "latency_ms", ">", 400, "notify", {"status": "paused"}),
        (others[6], "Old threshold", "cpu_percent", ">", 60, "alert", {"status": "disabled"}),
        (others[7], "Disk is filling up", "disk_percent", ">", 90, "alert",
         {"severity": "critical", "description": "Nothing pushes disk_percent yet, so this rule has no data."}),
        (others[8], "My score", "fusion_score", "<", 60, "alert", {"severity": "medium"}),
        (others[9], "My anomalies", "anomaly_count", ">", 3, "notify", {"repeat_every": 24 * HOUR}),
        (others[10], "My efficiency", "efficiency_index", "<", 72, "optimize", {"repeat_every": 24 * HOUR}),
    ]  # fmt: skip
    rules = [
        AutomationRule(
            user=owner, rule_name=name, metric_type=metric, condition_operator=operator, threshold_value=threshold,
            action_type=action, created_at=at, **fields,
        )
        for owner, name, metric, operator, threshold, action, fields in rows
    ]  # fmt: skip
    for rule in rules:
        rule._history_date = at  # type: ignore[attr-defined] # of the version
        rule.save(force_insert=True)  # one by one, so that each has its first version
    return rules
