"""The declaration of an event in the activity log, by the action or app that writes it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ANY_CONFIGURATION = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """`kind` is its `event_type`, at most 100 characters; `label` is its name on screen; `tone` is "" or the colour of
    its label: success, info, warning or danger. `sentence` is a format string over the entry's context, or a function
    of it. `configuration` is the kind of configuration that it changes; `ANY_CONFIGURATION`: the context says it."""

    kind: str
    label: str
    sentence: str | Callable[[Mapping[str, Any]], str]
    tone: str = ""
    configuration: str = ""

    def in_words(self, context: Mapping[str, Any]) -> str:
        """The sentence of an entry with this context."""
        if isinstance(self.sentence, str):
            return filled(self.sentence, context)
        return self.sentence(defaultdict(lambda: "?", context))  # another program may have left facts out


def filled(words: str, context: Mapping[str, Any]) -> str:
    """`words` with the placeholders filled from `context`; a question mark for missing ones."""
    values = {name: str(value) for name, value in context.items()}
    return words.format_map(defaultdict(lambda: "?", values))
