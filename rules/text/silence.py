"""Sentences about silences."""

from collections.abc import Mapping, Sequence
from typing import Any

from rules.text.context import count_of

MAX_MATCHERS_NAMED = 5


def ended_in_words(context: Mapping[str, Any]) -> str:
    """`The silence “Database upgrade” of Olga is over: 1 still fires (Low for Bob); 2 resolved meanwhile (…).`"""
    maker = f" by {context['made_by']}" if context.get("made_by") else ""
    over = "was ended early" if context.get("ended_early") else "ended"
    by = f" by {context['ended_by']}" if context.get("ended_by") else ""
    sentence = f"The silence “{context.get('comment', '')}”{maker} {over}{by}"
    firing, resolved = count_of(context, "still_firing"), count_of(context, "resolved")
    if not firing and not resolved:
        return f"{sentence}. Nothing was suppressed."
    parts = [
        f"{firing:,} still fire{'s' if firing == 1 else ''}{_named(context.get('still_firing_instances'), firing)}",
        f"{resolved:,} resolved in the meantime{_named(context.get('resolved_instances'), resolved)}",
    ]
    return f"{sentence}: {'; '.join(part for part in parts if not part.startswith('0 '))}."


def _named(instances: Any, count: int) -> str:
    if not isinstance(instances, Sequence) or not instances:
        return ""
    names = [instance_in_words(each) for each in instances[:MAX_MATCHERS_NAMED] if isinstance(each, Mapping)]
    others = f" and {count - len(names):,} more" if count > len(names) else ""
    return f" ({', '.join(names)}{others})"


def instance_in_words(instance: Mapping[str, Any]) -> str:
    """`Fusion score too low for Bob on gmail, still silenced`"""
    target = f" on {instance['target']}" if instance.get("target") else ""
    still = ", still silenced by another silence" if instance.get("silenced") else ""
    return f"{instance.get('rule_name') or 'a rule'} for {instance.get('person_name') or 'somebody'}{target}{still}"
