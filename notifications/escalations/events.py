"""The events of escalations in the activity log, for RULES_EVENTS."""

from rules.engine.event_kinds import EventKind

ESCALATION_EVENTS = (
    EventKind(
        kind="escalation_step", label="escalated",
        sentence="Not acknowledged, so escalated to {whom} (step {step} of {of} of “{policy}”).",
    ),
    EventKind(
        kind="escalation_over", label="escalation ended",
        sentence="Not acknowledged after the last step of “{policy}”: the escalation has ended.",
    ),
)  # fmt: skip
