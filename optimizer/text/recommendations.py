"""Recommendations as texts, whichever program wrote them."""

from typing import Any


def recommended(steps: Any) -> list[str]:
    """The recommended steps as texts: of a list of texts or objects, an object, or one text."""
    if isinstance(steps, str):
        return [steps]
    if isinstance(steps, dict):
        return [f"{name.replace('_', ' ')}: {value}" for name, value in steps.items()]
    return [_step(step) for step in steps or []]


def _step(step: Any) -> str:
    if not isinstance(step, dict):
        return str(step)
    text = step.get("description") or step.get("action") or step.get("title") or step.get("type")
    return str(text or ", ".join(f"{name} {value}" for name, value in step.items()))
