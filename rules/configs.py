"""The options of an action, checked by that action's form: the same check in a page, in the API and in a command."""

from typing import Any

from rules.registries import actions


def config_errors(action_type: str, config: Any) -> dict[str, list[str]]:
    """Return what is wrong with the options `config` of an action, by option; empty where nothing is."""
    if not isinstance(config, dict):
        return {"action_config": ["This must be an object with the options of the action."]}
    if action_type not in actions:
        return {}
    form = actions[action_type].form(config)
    known = ", ".join(form.fields) or "none"
    errors = {
        name: [f"The action {action_type} has no such option; it has: {known}."]
        for name in config
        if name not in form.fields
    }
    return errors | {name: [str(message) for message in messages] for name, messages in form.errors.items()}


def clean_config(action_type: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the options as the action will get them: checked, and only those that were given."""
    form = actions[action_type].form(config)
    form.full_clean()
    nothing: tuple[Any, ...] = (None, "", [])
    return {name: value for name, value in form.cleaned_data.items() if value not in nothing and value is not False}
