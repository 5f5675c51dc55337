"""What people call the events of the activity log."""

from rules.noticing import EVENT
from rules.states import Event

EVENTS = dict(Event.choices) | {EVENT: "schema incomplete", "silence_ended": "silence ended"} | {
    "instance_acknowledged": "acknowledged", "instance_snoozed": "snoozed", "instance_commented": "comment",
    "instance_assigned": "assigned", "instance_unassigned": "unassigned", "instance_resolved": "resolved by hand",
    "instance_reopened": "reopened", "rule_test": "test", "escalation_step": "told the next",
    "escalation_over": "escalation over",
}  # fmt: skip
