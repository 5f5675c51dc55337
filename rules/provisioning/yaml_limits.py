"""What is read of YAML is bounded while it is read, before anything is built of it: characters, values, depth."""

from typing import Any

import yaml
from yaml.composer import Composer
from yaml.resolver import Resolver

from rules.provisioning.problems import Problem, Refused
from smartagent.rest.fields import keepable

LONGEST_TEXT = 8_000_000  # characters
MOST_VALUES = 300_000  # 5,000 rules with all their fields; aliases count as often as they are used
DEPTH = 30
# libyaml reads about ten times as fast as PyYAML itself.
FAST: Any = getattr(yaml, "CParser", None)
PARSERS: tuple[Any, ...] = (FAST,) if FAST else (yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser)


class Loader(Composer, *PARSERS, Resolver):  # type: ignore[misc]
    """Composes the nodes of a text; Refused, with the line, where they are too many or nested too deeply."""

    yaml_implicit_resolvers: dict[Any, Any] = {}

    def __init__(self, text: str) -> None:
        for parser in PARSERS:
            parser.__init__(self, *((text,) if parser is PARSERS[0] else ()))
        Composer.__init__(self)
        Resolver.__init__(self)
        self.values = self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.values += 1
        self.depth += 1
        if self.values > MOST_VALUES or self.depth > DEPTH + 1:
            raise Refused([Problem(TOO_MUCH, line=self.peek_event().start_mark.line + 1)])
        found = super().compose_node(parent, index)
        self.depth -= 1
        return found


TOO_MUCH = f"There is too much in it (a file has at most {MOST_VALUES:,} values), or it is nested too deeply."


def root_of(text: str) -> Any:
    """The root node of `text`; None where it has none."""
    if len(text) > LONGEST_TEXT:
        raise Refused([Problem(f"This file is too long; at most {LONGEST_TEXT:,} characters are read.")])
    if not keepable(text):
        raise Refused([Problem("This file holds characters that cannot be kept (NUL, or half of a pair).")])
    loader = Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()
