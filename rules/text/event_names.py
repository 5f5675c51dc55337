"""Names and tones of the events of the activity log: those of rules, and those that other apps declare."""

from rules.engine.states import Event
from rules.registries import events
from smartagent.kernel.schema_drift_log import EVENT

EVENT_NAMES = dict(Event.choices) | {EVENT: "schema incomplete", "silence_ended": "silence ended"} | {
    "instance_acknowledged": "acknowledged", "instance_snoozed": "snoozed", "instance_commented": "comment",
    "instance_assigned": "assigned", "instance_unassigned": "unassigned", "instance_resolved": "resolved manually",
    "instance_reopened": "reopened", "rule_test": "test",
}  # fmt: skip
OWN_TONES = {
    Event.FIRED: "danger", Event.REPEATED: "danger", Event.RETRIED: "warning", Event.RESOLVED: "success",
    Event.NO_DATA: "warning", Event.ERROR: "danger", Event.RECOVERED: "success", EVENT: "danger",
}  # fmt: skip
TONE_LABELS = {tone: tone for tone in ("success", "info", "warning", "danger")}  # for a column of labels


def event_choices() -> list[tuple[str, str]]:
    """Every event that Smart Agent writes, with its name."""
    return [*EVENT_NAMES.items(), *((kind, event.label) for kind, event in events.declared.items())]


def event_label(event: str) -> str:
    """The name of an event; unknown ones keep their own."""
    declared = events.find(event)
    return declared.label if declared else str(EVENT_NAMES.get(event, event.replace("_", " ")))


def event_tone(event: str) -> str:
    """The tone of an event's label, empty where it has none."""
    declared = events.find(event)
    return declared.tone if declared else OWN_TONES.get(event, "")
