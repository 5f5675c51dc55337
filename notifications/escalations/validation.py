"""Whether the steps of a policy can be taken: the same check in the form and by REST."""

from collections.abc import Sequence
from typing import Any

from notifications.escalations.steps import LONGEST, MAX_ESCALATION_STEPS, SHORTEST, EscalationStep
from notifications.routing.recipients import CHANNEL, problems_of
from smartagent.kernel.durations import format_duration

NO_STEP = "Add at least one step with a waiting time and recipients."


def step_problems(step: EscalationStep, owner: Any, maker: Any) -> dict[str, list[str]]:
    """The problems of one step of a policy of `owner`, by field."""
    found: dict[str, list[str]] = {}
    if not SHORTEST <= step.after <= LONGEST:
        between = f"{format_duration(SHORTEST)} to {format_duration(LONGEST)}"
        found["after"] = [f"Enter a waiting time of {between}, for example 15m."]
    whom = problems_of(step.to, owner, maker) if step.to else ["Enter the recipients, for example group:operators."]
    return found | ({"to": whom} if whom else {})


def count_problem(steps: Sequence[Any]) -> str:
    """The problem with the number of steps; empty where there is none."""
    if not steps:
        return NO_STEP
    return (
        f"At most {MAX_ESCALATION_STEPS} steps are allowed; there are {len(steps)}."
        if len(steps) > MAX_ESCALATION_STEPS
        else ""
    )


def kept(steps: Sequence[EscalationStep], owner: Any) -> list[dict[str, Any]]:
    """As they are kept: channels with whose they are, for the rules that name the policy may be somebody else's."""
    return [EscalationStep(step.after, tuple(_whole(each, owner) for each in step.to)).kept() for step in steps]


def _whole(recipient: str, owner: Any) -> str:
    name = recipient.removeprefix(CHANNEL)
    if not recipient.startswith(CHANNEL) or "@" in name.partition("/")[0]:
        return recipient
    return f"{CHANNEL}{owner.email}/{name}"
