"""A plan as lines for people, and as plain values for programs."""

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from rules.authoring.fields import WRITTEN
from rules.provisioning.plan import PLAN_KINDS, FieldChange, Item, Plan
from rules.provisioning.rule_writing import file_value
from rules.provisioning.source_plan import SourceItem
from smartagent.kernel.coerce import as_json_number

FILE_DEFAULTS = {field.file_name: file_value(field, field.default) for field in WRITTEN if field.name != "user"}
PLAN_SIGNS = {"create": "+", "restore": "+", "adopt": "~", "change": "~", "delete": "-", "unchanged": " ", "left": "?"}
TO_BIN = "is moved to the recycle bin"
DOING = {
    "create": "is created", "restore": "is restored from the recycle bin", "adopt": "is taken over",
    "change": "is changed",
    "delete": TO_BIN, "unchanged": "no change", "left": "is no longer in the file",
}  # fmt: skip


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield the lines of the plan for a terminal; unchanged rules are only counted."""
    yield f"{plan.source}: {plan}."
    for each in plan.sources:
        if each.kind != "unchanged" or each.notes:
            yield f"{PLAN_SIGNS[each.kind]} {each.noun} {each.name} {DOING[each.kind].replace(TO_BIN, 'is deleted')}"
            yield from (f"    {line}" for line in (*source_change_lines(each), *each.notes))
    for item in plan.items:
        if item.kind != "unchanged" or item.notes:
            yield f"{PLAN_SIGNS[item.kind]} {item.uid}: “{item.name}” {DOING[item.kind]}"
            yield from (f"    {line}" for line in (*change_lines(item), *item.notes))


def source_change_lines(item: SourceItem) -> Iterator[str]:
    """Yield the changes of a data source or query, one line per field."""
    for name, old, new in item.changes:
        after = "default" if new is None else shown(name, new)
        before = "" if item.kind == "create" else f"{'default' if old is None else shown(name, old)} → "
        yield f"{name}: {before}{after}"


def change_lines(item: Item) -> Iterator[str]:
    """Yield the changes, one line per field."""
    for change in item.changes:
        new = shown(change.field, change.new)
        yield f"{change.field}: {new}" if item.is_new else f"{change.field}: {shown(change.field, change.old)} → {new}"


def shown(name: str, value: Any) -> str:
    """Return a field's value as text for people; None stands for the default."""
    if value is None:
        value = FILE_DEFAULTS.get(name)
    if name == "more_conditions" and isinstance(value, list):
        return "; ".join(map(_condition, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={each}" for key, each in value.items()) or "none"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "none" if value in (None, "") else str(value)


def _condition(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    metric = f"{value.get('metric')}{{{value['target']}}}" if value.get("target") else str(value.get("metric"))
    if value.get("reducer"):
        parameter = f"({value['parameter']})" if value.get("parameter") is not None else ""
        over = f" over {value['window']}" if value.get("window") else ""
        metric = f"{value['reducer']}{parameter} of {metric}{over}"
    return f"{metric} {value.get('operator')} {value.get('threshold')}"


def plan_facts(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain values, for JSON."""
    return {
        "source": plan.source,
        "fingerprint": plan.fingerprint,
        "changes": len(plan.changes),
        "counts": {kind: len(plan.of(kind)) for kind in PLAN_KINDS},
        "items": [item_facts(item) for item in plan.items],
        "sources": [source_facts(item) for item in plan.sources],
    }


def item_facts(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind, "uid": item.uid, "name": item.name, "rule": str(item.rule.pk) if item.was else None,
        "changes": [_change_facts(change) for change in item.changes], "notes": list(item.notes),
    }  # fmt: skip


def source_facts(item: SourceItem) -> dict[str, Any]:
    changes = [{"field": name, "old": json_of(old), "new": json_of(new)} for name, old, new in item.changes]
    return {
        "kind": item.kind,
        "section": item.section,
        "name": item.name,
        "changes": changes,
        "notes": list(item.notes),
    }


def _change_facts(change: FieldChange) -> dict[str, Any]:
    return {"field": change.field, "old": json_of(change.old), "new": json_of(change.new)}


def json_of(value: Any) -> Any:
    """Return a value of a file for JSON; None for a number that is not finite."""
    if isinstance(value, Decimal):
        return as_json_number(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: json_of(each) for name, each in value.items()}
    return [json_of(each) for each in value] if isinstance(value, list) else value


def problem_lines(problems: Iterable[Any], file: str) -> list[str]:
    """Return a line for each problem, in the format of compilers."""
    lines = []
    for problem in problems:
        text = str(problem).removeprefix(f"line {problem.line}").removeprefix(", ").removeprefix(": ")
        lines.append(f"{file}:{problem.line}: {text}" if problem.line else f"{file}: {text}")
    return lines
