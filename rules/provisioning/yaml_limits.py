"""Limits of YAML, checked before any value is built: characters, values, depth."""

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
    """PyYAML's safe loader; `yaml_text` adds the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[Any, Any] = {}


def roots_of(text: str) -> list[Any]:
    """Return the root nodes of the non-empty documents of `text`; FileRefused."""
    if len(text) > MAX_YAML_LENGTH:
        raise FileRefused([Problem(f"The file is too long. The maximum is {MAX_YAML_LENGTH:,} characters.")])
    if not keepable(text):
        raise FileRefused(
            [Problem("The file contains characters that cannot be stored (NUL or an unpaired surrogate).")]
        )
    _bound(text)
    return [root for root in yaml.compose_all(text, Loader=Loader) if not _is_empty(root)]


def _is_empty(root: Any) -> bool:
    """Whether a document is empty; a quoted empty text is not."""
    return root is None or (root.tag.endswith(":null") and root.value == "")


def _bound(text: str) -> None:
    """Raise FileRefused, with the line, if `text` has too many values or is nested too deeply."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=FASTEST)):
        depth += isinstance(event, BEGINS) - isinstance(event, ENDS)
        if count > MAX_YAML_VALUES or depth > MAX_YAML_DEPTH + 1:
            mark = event.start_mark
            raise FileRefused([Problem(TOO_MUCH, line=mark.line + 1 if mark else 0)])
