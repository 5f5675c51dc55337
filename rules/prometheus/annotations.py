"""Annotations of an alert as the title and message of its notifications."""

from collections.abc import Mapping
from typing import Any

from rules.action_options import config_errors
from rules.prometheus.go_templates import Untranslatable, translated

IMPORTED_ACTION = "alert"
# The first that is there, and not used up before: the title is short, the message is the rest.
TITLE, MESSAGE = ("summary", "title"), ("description", "message")
ONLY_DESCRIBED = "it is kept in the description of the rule only"


def message_options(annotations: Mapping[str, str], notes: list[str]) -> dict[str, Any]:
    """The options of the action, with templates translated; adds to `notes` what has no counterpart."""
    options = {}
    for option, names in (("title", TITLE), ("message", MESSAGE)):
        name = next((name for name in names if name in annotations), "")
        text = _option(option, name, annotations[name], notes) if name else ""
        if text:
            options[option] = text
    return options


def _option(option: str, name: str, text: str, notes: list[str]) -> str:
    """One annotation as an option; empty, with a note, where that cannot be said or is refused."""
    try:
        found = translated(text.strip())
    except Untranslatable as error:
        notes.append(f"Annotation {name}: {error} has no counterpart in message templates; {ONLY_DESCRIBED}.")
        return ""
    if option == "title":
        found = " ".join(found.split())
    if problems := config_errors(IMPORTED_ACTION, {option: found}).get(option):
        notes.append(f"Annotation {name} is no {option} of a notification; {ONLY_DESCRIBED}. {problems[0]}")
        return ""
    return found
