"""Fields of the form of a rule: durations as numbers of checks, labels, rows of further conditions."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from rules.authoring.conditions import CONDITION_FIELDS, MAX_FURTHER, further_errors, stored, window_of
from rules.authoring.fields import INVALID_MESSAGES
from rules.authoring.labels import label_problem, read_labels, show_labels
from rules.authoring.series import typed_labels, typed_matchers
from rules.engine.conditions import Operator, Reducer
from rules.engine.intervals import parse_checks, shown
from rules.text.aggregation import shown_parameter
from smartagent.kernel.coerce import read_threshold
from smartagent.kernel.durations import DurationFormField, format_duration, parse_duration

Row = dict[str, str]
MAX_CONDITION_ROWS = 50  # that are looked at, whatever is sent
FILLED_FIELDS = ("metric", "target", "threshold", "window")  # a row in which none of these is filled in is none


class ChecksFormField(DurationFormField):
    """A duration as `15m` or `3 checks`; shown as both where `counts`."""

    def __init__(self, *, counts: bool = True, placeholder: str = "0", **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder, "autocomplete": "off"})
        super().__init__(**{"required": False, "widget": widget} | kwargs)
        self.counts = counts

    def prepare_value(self, value: Any) -> Any:
        return shown(value) if self.counts and isinstance(value, timedelta) else super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_checks(str(value or ""))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error


class ParameterFormField(forms.CharField):
    """The parameter of an aggregation: a number, or a duration such as `4h`, kept in seconds."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "0.95 or 4h", "autocomplete": "off"})
        super().__init__(**{"required": False, "widget": widget} | kwargs)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return read_parameter(str(value))
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


def read_parameter(text: str) -> Decimal | None:
    """A typed parameter; None where it is empty. ValueError where it is neither a number nor a duration."""
    if not text.strip():
        return None
    try:
        return read_threshold(text)
    except ValueError:
        return Decimal(int(parse_duration(text).total_seconds()))


class RuleLabelsField(forms.CharField):
    """Labels as `team=db`, one per line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 2, "placeholder": "team=db"})
        super().__init__(**{"required": False, "widget": widget} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else show_labels(value)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return dict(value)
        try:
            labels = read_labels(super().to_python(value) or "")
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        if problem := label_problem(labels):
            raise ValidationError(problem, code="invalid")
        return labels

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.to_python(data))
        except ValidationError:
            return True


class _ListFormField(forms.CharField):
    """A list of texts, typed in one line."""

    read: Callable[[str], list[str]] = staticmethod(typed_labels)

    def __init__(self, *, placeholder: str, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(
            attrs={"placeholder": placeholder, "autocomplete": "off", "spellcheck": "false"}
        )
        super().__init__(**{"required": False, "widget": widget, "strip": False} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        try:
            return self.read(super().to_python(value) or "")
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except ValidationError:
            return True


class MatchersFormField(_ListFormField):
    """Matchers of labels."""

    read = staticmethod(typed_matchers)


class LabelNamesFormField(_ListFormField):
    """Names of labels."""


class ConditionRows(forms.Widget):
    """The rows of further conditions; `problems` are the errors by row and field."""

    problems: Mapping[tuple[int, str], list[str]] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        shape = re.compile(rf"{re.escape(name)}-(\d{{1,3}})-metric")
        numbers = sorted(int(found[1]) for key in data if (found := shape.fullmatch(key)))
        return [
            {part: data.get(f"{name}-{number}-{part}", "").strip() for part in CONDITION_FIELDS}
            for number in numbers[:MAX_CONDITION_ROWS]
        ]

    def as_sent(self, name: str, rows: Any) -> dict[str, str]:
        """What a browser sends of these rows."""
        parts = {
            f"{name}-{number}-{part}": str(row.get(part, ""))
            for number, row in enumerate(rows or [])
            for part in CONDITION_FIELDS
        }
        return {f"{name}-shown": "1"} | parts

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-shown" not in data

    def id_for_label(self, id_: str) -> str:
        return ""  # of each input there is a label of its own

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        rows = [self._row(number, row) for number, row in enumerate(value or [])]
        context = {
            "name": name, "rows": rows, "blank": self._row("__n__", {}), "most": MAX_FURTHER,
            "operators": Operator.choices,
            "reducers": Reducer.choices, "input_class": " ".join(INPUT_CLASSES),
            "select_class": " ".join([*INPUT_CLASSES, *SELECT_CLASSES]),
        }  # fmt: skip
        return render_to_string("rules/_condition_rows.html", context)

    def _row(self, number: Any, row: Mapping[str, str]) -> dict[str, Any]:
        errors = {part or "row": self.problems.get((number, part), []) for part in (*CONDITION_FIELDS, "")}
        return {"n": number, "value": row, "errors": errors}


class ConditionsFormField(forms.Field):
    """The further conditions of a rule, in stored form."""

    widget = ConditionRows

    def prepare_value(self, value: Any) -> list[Row]:
        if isinstance(value, str) or not isinstance(value, list):
            value = [value] if value else []
        return [_typed(each) for each in value]

    def clean(self, value: Any) -> Any:
        given = [
            (number, row) for number, row in enumerate(value or []) if any(row.get(part) for part in FILLED_FIELDS)
        ]
        if len(given) > MAX_FURTHER:
            raise ValidationError(f"A rule has at most {MAX_FURTHER} further conditions; {len(given)} were given.")
        read = [_read(row) for _, row in given]
        problems = {(number, part): [text] for (number, _), (_, wrong) in zip(given, read, strict=True)
                    for part, text in wrong.items()}  # fmt: skip
        for name, texts in further_errors([condition for condition, _ in read]).items():
            _, number, part = f"{name}.".split(".")[:3]
            problems.setdefault((given[int(number)][0], part), texts)
        self.widget.problems = problems
        if problems:
            raise ValidationError([text for texts in problems.values() for text in texts])
        return [stored(condition | {"window": window_of(condition["window"])}) for condition, _ in read]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != (initial or []))
        except ValidationError:
            return True


def _typed(condition: Any) -> Row:
    """A stored condition in the form's notation; what another program stored is shown as far as it can be read."""
    if not isinstance(condition, Mapping):
        return dict.fromkeys(CONDITION_FIELDS, "") | {"note": f"Invalid condition: {str(condition)[:80]}"}
    row = {name: "" if condition.get(name) is None else str(condition[name]) for name in CONDITION_FIELDS}
    if isinstance(condition.get("window"), str):
        return row  # as it was typed
    window = window_of(condition.get("window"))
    row["window"] = "" if not window else format_duration(window)
    row["parameter"] = shown_parameter(condition.get("reducer"), condition.get("parameter"))
    return row | {"reducer": row["reducer"] or Reducer.LAST.value}


def _read(row: Row) -> tuple[dict[str, Any], dict[str, str]]:
    """A row as a condition with its window in seconds, and its errors."""
    wrong: dict[str, str] = {}
    window: Any = 0
    try:
        window = parse_duration(row["window"]).total_seconds()
    except ValueError as error:
        wrong["window"] = str(error)
    threshold: Any = 0
    try:
        threshold = read_threshold(row["threshold"])
    except ValueError as error:
        wrong["threshold"] = str(error)
    parameter: Any = None
    try:
        parameter = read_parameter(row["parameter"])
    except ValueError:
        wrong["parameter"] = INVALID_MESSAGES["reducer_parameter"]
    read = row | {
        "window": window, "threshold": threshold, "reducer": row["reducer"] or Reducer.LAST.value,
        "parameter": parameter,
    }  # fmt: skip
    return {name: read[name] for name in CONDITION_FIELDS}, wrong
