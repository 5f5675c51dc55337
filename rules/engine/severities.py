"""The severity in the options of an action of the old application: `severity` or `priority`."""

from collections.abc import Mapping
from typing import Any

from django import forms

MEANINGS = {
    "info": "low", "low": "low", "medium": "medium", "normal": "medium", "warning": "medium", "high": "high",
    "error": "high", "critical": "critical", "urgent": "critical",
}  # fmt: skip
OPTIONS = ("severity", "priority")


class SeverityOption(forms.CharField):
    """A severity in the vocabulary of the old application."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=20)

    def validate(self, value: str) -> None:
        if value and value.strip().lower() not in MEANINGS:
            raise forms.ValidationError(f"“{value[:20]}” is not one of: {', '.join(MEANINGS)}.")


def severity_of(config: Any) -> str:
    """The severity in the options; empty where there is no known one."""
    if not isinstance(config, Mapping):
        return ""
    severities = (MEANINGS.get(str(config.get(name)).strip().lower()) for name in OPTIONS)
    return next(filter(None, severities), "")
