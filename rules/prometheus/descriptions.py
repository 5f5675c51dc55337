"""Labels and annotations of an alert, mapped to the fields of a rule."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from rules.authoring.labels import label_problem
from rules.models import AutomationRule
from rules.prometheus.expressions import Unsupported

SEVERITY_OF_LABEL = {
    "critical": "critical", "page": "critical", "high": "high", "error": "high", "warning": "medium",
    "medium": "medium", "info": "low", "low": "low", "none": "low",
}  # fmt: skip
DESCRIBING = ("summary", "title", "description", "message", "runbook_url")


def written_text(value: Any) -> str:
    """A scalar of the file as text; empty where there is none."""
    return value if isinstance(value, str) else ""


def labels_of(value: Any) -> dict[str, str]:
    """Labels by name; Unsupported where the value is not an object of scalars."""
    return _texts(value, "labels")


def annotations_of(rule: Mapping[str, Any]) -> dict[str, str]:
    """The annotations of `rule`, without empty ones."""
    return {name: text for name, text in _texts(rule.get("annotations"), "annotations").items() if text}


def described(labels: dict[str, str], annotations: dict[str, str], notes: list[str]) -> dict[str, Any]:
    """The fields of a rule that come from `labels` and `annotations`. An empty label counts as missing, also where it
    overrides one of the group."""
    labels = {name: text for name, text in labels.items() if text}
    description = "\n".join(filter(None, (annotations.get(name) for name in DESCRIBING[:-1])))
    notes += [f"Annotation {name} skipped." for name in annotations if name not in DESCRIBING]
    severity = _severity(labels, notes)
    kept = {name: text for name, text in labels.items() if not _label_note(name, text, notes)}
    runbook = _runbook(annotations.get("runbook_url", ""), notes)
    found = {"description": description, "severity": severity, "labels": kept, "runbook_url": runbook}
    return {name: value for name, value in found.items() if value}


def _texts(value: Any, what: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unsupported(f"The {what} must be an object with text values.")
    for name, text in value.items():
        if not isinstance(text, str | None):
            raise Unsupported(f"{what}: {name[:60]} is not text.")
    return {name: text or "" for name, text in value.items()}


def _severity(labels: dict[str, str], notes: list[str]) -> str:
    """The severity, mapped to those of Smart Agent; empty for medium, the default. Adds to `notes`."""
    if "severity" not in labels:
        return ""
    found = SEVERITY_OF_LABEL.get(labels["severity"].lower())
    if not found:
        notes.append(f"The severity “{labels['severity'][:60]}” is unknown; medium is used.")
    return found if found and found != "medium" else ""


def _label_note(name: str, text: str, notes: list[str]) -> bool:
    """Whether a label cannot be stored here; adds a note where it cannot."""
    problem = "it has a template." if "{{" in text else label_problem({name: text})
    if problem:
        notes.append(f"Label {name[:60]} skipped: {problem}")
    return bool(problem)


def _runbook(address: str, notes: list[str]) -> str:
    """The runbook's address, where it is valid for a rule."""
    if not address:
        return ""
    try:
        AutomationRule._meta.get_field("runbook_url").run_validators(address)
    except ValidationError:
        notes.append(f"The runbook “{address[:100]}” is skipped: not an http or https URL, or it has a template.")
        return ""
    return address
