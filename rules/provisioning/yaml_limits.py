"""Limits of YAML, checked while it is read, before anything is built: characters, values, depth."""

from typing import Any

import yaml

from rules.provisioning.problems import FileRefused, Problem
from smartagent.rest.fields import keepable

MAX_YAML_LENGTH = 8_000_000  # characters
MAX_YAML_VALUES = 200_000  # thousands of rules with all their fields; aliases count as often as they are used
MAX_YAML_DEPTH = 30
TOO_MUCH = f"The file has more than {MAX_YAML_VALUES:,} values, or is nested too deeply."
BEGINS, ENDS = (yaml.SequenceStartEvent, yaml.MappingStartEvent), (yaml.SequenceEndEvent, yaml.MappingEndEvent)
# libyaml, where it is there, reads about ten times as fast as PyYAML itself.
FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(FASTEST):  # type: ignore[misc]
    """PyYAML's safe loader, with the plain values of YAML 1.2, which `yaml_text` adds."""

    yaml_implicit_resolvers: dict[Any, Any] = {}


def roots_of(text: str) -> list[Any]:
    """The root nodes of the documents of `text`, without those that are empty."""
    if len(text) > MAX_YAML_LENGTH:
        raise FileRefused([Problem(f"The file is too long. The maximum is {MAX_YAML_LENGTH:,} characters.")])
    if not keepable(text):
        raise FileRefused(
            [Problem("The file contains characters that cannot be stored (NUL or an unpaired surrogate).")]
        )
    _bound(text)
    return [root for root in yaml.compose_all(text, Loader=Loader) if not _is_empty(root)]


def _is_empty(root: Any) -> bool:
    """Whether nothing stands there; a text without letters is written, with its quotes."""
    return root is None or (root.tag.endswith(":null") and root.value == "")


def _bound(text: str) -> None:
    """Refuse, with the line, what has too many values or is nested too deeply, before any of it is built."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=FASTEST)):
        depth += isinstance(event, BEGINS) - isinstance(event, ENDS)
        if count > MAX_YAML_VALUES or depth > MAX_YAML_DEPTH + 1:
            mark = event.start_mark
            raise FileRefused([Problem(TOO_MUCH, line=mark.line + 1 if mark else 0)])
