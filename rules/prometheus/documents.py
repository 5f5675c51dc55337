"""The rule groups of a Prometheus file: plain, in several YAML documents, or in Kubernetes PrometheusRule resources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.provisioning.problems import FileRefused, Path, Problem
from rules.provisioning.yaml_text import Lines, line_of, load_all

# Lines of Helm and Jinja outside of a text: `{{- if .Values.x }}`, `{% for x in y %}`, `expr: {{ .Values.x }}`.
FILE_TEMPLATE = re.compile(r"^[ \t]*(?:[\w-]+:[ \t]*|-[ \t]*)*(?:\{%|\{\{)", re.M)
IS_A_TEMPLATE = (
    "The file is a template of Helm or Jinja (“{}”). Render it first, for example by helm template, then import the "
    "result."
)
NO_GROUPS = "A Prometheus rules file has a list under “groups:”, each with a name and rules."


@dataclass(frozen=True, slots=True)
class Group:
    """A rule group as written, with its place in the file."""

    value: Any
    place: Path
    lines: Lines

    def line_of(self, *path: str | int) -> int:
        """The line number of the value at `path` below the group."""
        return line_of(self.lines, (*self.place, *path))


def groups_of(text: str) -> list[Group]:
    """All groups of `text`; FileRefused, with the line, where a document has none."""
    try:
        documents = load_all(text, as_written=True)
    except FileRefused as error:
        if found := FILE_TEMPLATE.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise FileRefused([Problem(IS_A_TEMPLATE.format(found[0].strip()), line=line)]) from None
        raise error from None
    if not documents:
        raise FileRefused([Problem(NO_GROUPS)])
    return [each for value, lines in documents for each in _groups(value, (), lines)]


def _groups(value: Any, place: Path, lines: Lines) -> Iterator[Group]:
    if isinstance(value, Mapping) and isinstance(
        value.get("items"), list
    ):  # the list that kubectl prints for several resources
        for index, item in enumerate(value["items"]):
            yield from _groups(item, (*place, "items", index), lines)
        return
    if isinstance(value, Mapping) and isinstance(value.get("spec"), Mapping):  # the resource PrometheusRule
        value, place = value["spec"], (*place, "spec")
    groups = value.get("groups") if isinstance(value, Mapping) else None
    if not isinstance(groups, list):
        raise FileRefused([Problem(NO_GROUPS, line=line_of(lines, place))])
    for index, group in enumerate(groups):
        yield Group(group, (*place, "groups", index), lines)
