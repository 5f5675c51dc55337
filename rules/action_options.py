"""The options of an action, validated by that action's forms: the same for page, API and command.

The old application stores options of its own beside ours (`Action.carried`), and other programs may store anything.
Existing options do not prevent editing other fields; they are only validated when they are changed.
"""

import json
from collections.abc import Mapping
from typing import Any

from rules.registries import actions
from smartagent.kernel.stored_json import Unreadable, read_stored

Errors = dict[str, list[str]]
NO_OBJECT = "The action options are not a valid object and were ignored."
EMPTY_VALUES: tuple[Any, ...] = (None, "", [])


def config_errors(action_type: str, config: Any, before: Mapping[str, Any] | None = None) -> Errors:
    """Return the errors in the options `config` of an action, by option; empty where it is valid. `before` are the
    fields of the stored rule: its unchanged options are not validated."""
    if before and config == before.get("action_config") and action_type == before.get("action_type"):
        return {}
    if not isinstance(config, dict):
        return {"action_config": ["This must be an object with the action options."]}
    if action_type not in actions:
        return {}
    stored = stored_options(before)
    same = unchanged(action_type, config, before)
    wrong = {name: problems for name, problems in _form_errors(action_type, config).items() if name not in same}
    return _unknown(action_type, config.keys() - stored.keys()) | wrong


def clean_config(action_type: str, config: dict[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the options as the action gets them: validated, without empty ones. Options unchanged from `before`, and
    those of other programs, are kept as they are."""
    form = actions[action_type].form(config)
    form.full_clean()
    cleaned = {name: value for name, value in form.cleaned_data.items() if not _is_nothing(value)}
    same = unchanged(action_type, config, before)
    kept = {name: value for name, value in config.items() if name in same or name not in form.fields}
    return {name: value for name, value in cleaned.items() if name not in same} | kept


def stored_options(before: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The options of a rule that has the fields `before`."""
    config = (before or {}).get("action_config")
    return config if isinstance(config, dict) else {}


def unchanged(action_type: str, config: Mapping[str, Any], before: Mapping[str, Any] | None) -> set[str]:
    """The names of the options that are unchanged, with the same action."""
    if not before or before.get("action_type") != action_type:
        return set()
    stored = stored_options(before)
    return {name for name, value in config.items() if name in stored and stored[name] == value}


def other_options(action_type: str, config: Any) -> dict[str, Any]:
    """The options without a field in the form of a rule: those of the old application and of other programs."""
    if not isinstance(config, dict):
        return {}
    own = actions[action_type].form.base_fields if action_type in actions else {}
    return {name: value for name, value in config.items() if name not in own}


def shown_options(action_type: str, config: Any) -> dict[str, str]:
    """Those of another program, each as it is shown."""
    return {name: option_text(value) for name, value in other_options(action_type, config).items()}


def option_text(value: Any) -> str:
    """An option as it is shown: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def options_in(raw: str | None) -> dict[str, Any]:
    """The options in the JSON of the column; empty where another program stored something else there."""
    found = _read(raw)
    return found if isinstance(found, dict) else {}


def has_no_options(raw: str | None) -> bool:
    """Whether the JSON of the column is neither empty nor an object."""
    found = _read(raw)
    return found not in EMPTY_VALUES and not isinstance(found, dict)


def _read(raw: str | None) -> Any:
    """The value of the column; another program may have stored an object as text there."""
    found = read_stored(raw) if raw else None
    return read_stored(found) if isinstance(found, str) and not isinstance(found, Unreadable) else found


def _form_errors(action_type: str, config: dict[str, Any]) -> Errors:
    action = actions[action_type]
    given = {name: value for name, value in config.items() if not _is_nothing(value)}
    found = action.form(config).errors | action.carried(given).errors
    return {name: [str(message) for message in messages] for name, messages in found.items()}


def _unknown(action_type: str, names: Any) -> Errors:
    action = actions[action_type]
    known = ", ".join(action.form.base_fields) or "none"
    return {
        name: [f"Unknown option of action {action_type}. Known options: {known}."]
        for name in names
        if name not in action.form.base_fields and name not in action.carried.base_fields
    }


def _is_nothing(value: Any) -> bool:
    return value is False or value in EMPTY_VALUES
