"""What people call the events of the activity log."""

from rules.engine.states import Event
from smartagent.kernel.schema_drift_log import EVENT

EVENTS = dict(Event.choices) | {EVENT: "schema incomplete", "silence_ended": "silence ended"} | {
    "instance_acknowledged": "acknowledged", "instance_snoozed": "snoozed", "instance_commented": "comment",
    "instance_assigned": "assigned", "instance_unassigned": "unassigned", "instance_resolved": "resolved by hand",
    "instance_reopened": "reopened", "rule_test": "test", "escalation_step": "told the next",
    "escalation_over": "escalation over",
    "optimization_approved": "remedy approved", "optimization_applied": "remedy applied",
    "optimization_failed": "remedy failed", "optimization_rolled_back": "remedy rolled back",
    "optimization_dismissed": "remedy dismissed", "optimization_expired": "remedy expired",
    "optimization_measured": "remedy measured", "optimization_done_by_hand": "remedy done by hand",
    "optimizer_stopped": "optimizer stopped", "optimizer_released": "optimizer released",
    "optimizer_policy_changed": "optimizer's policy changed",
}  # fmt: skip


def event_label(event: str) -> str:
    """What people call an event; one of another program by its own name."""
    return str(EVENTS.get(event, event.replace("_", " ")))
