"""What the escalation of an alert writes to the activity log, for RULES_EVENTS."""

from rules.engine.event_kinds import EventKind

EVENTS = (
    EventKind(
        kind="escalation_step", label="told the next",
        sentence="Nobody has acknowledged it, so {whom} {are} told now (step {step} of {of} of “{policy}”).",
    ),
    EventKind(
        kind="escalation_over", label="escalation over",
        sentence="Nobody has acknowledged it, and “{policy}” has no further step: nobody else is told.",
    ),
)  # fmt: skip
