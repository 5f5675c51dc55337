"""The declaration of an event in the activity log, by the action or app that writes it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """`kind` is its `event_type`, at most 100 characters; `label` is what people call it; `tone` is "" or the colour of
    its label: success, info, warning or danger. `sentence` names facts of the entry's context in braces, or makes the
    sentence of the context."""

    kind: str
    label: str
    sentence: str | Callable[[Mapping[str, Any]], str]
    tone: str = ""

    def in_words(self, context: Mapping[str, Any]) -> str:
        """The sentence of an entry with this context."""
        return filled(self.sentence, context) if isinstance(self.sentence, str) else self.sentence(context)


def filled(words: str, context: Mapping[str, Any]) -> str:
    """The words, with what the entry says; with a question mark where it does not."""
    values = {name: str(value) for name, value in context.items()}
    return words.format_map(defaultdict(lambda: "?", values))
