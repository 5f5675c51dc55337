"""InfluxDB line protocol (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/), into an `Intake`.

A number or truth value of a field is a sample of the metric `measurement_field`, of a field named `value` of the metric
`measurement`; tags are labels. Text is not kept.
"""

from typing import Any

from line_protocol_parser import LineFormatError, parse_line

from rules.ingest.intake import Intake, Reason, TooManySamples
from rules.ingest.translation import Named, Translations, translate

NANOSECONDS = {
    "n": 1, "ns": 1, "u": 1000, "us": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
MAX_LINES = 100_000  # comments and empty ones included
FIELD_OF_MEASUREMENT = "value"
INFLUX_NAMES = Translations()


def read_lines(text: str, precision: str, intake: Intake) -> None:
    """Read all lines; what is wrong with one is noted with its number."""
    if text.count("\n") > MAX_LINES:
        raise TooManySamples(f"The body has more than {MAX_LINES:,} lines. Send them in several requests.")
    scale = NANOSECONDS[precision]
    number = 1
    for line in _points(text):
        if line.strip():
            _read(line, f"line {number}", scale, intake)
        number += line.count("\n") + 1


def _points(text: str) -> list[str]:
    """The lines; one that ends within a text in quotes is joined with the next ones."""
    lines = text.split("\n")
    if '"' not in text:
        return lines
    points: list[str] = []
    for line in lines:
        if points and _is_open(points[-1]):
            points[-1] += "\n" + line
        else:
            points.append(line)
    return points


def _is_open(line: str) -> bool:
    return not line.lstrip().startswith("#") and line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 1


def _read(line: str, where: str, scale: int, intake: Intake) -> None:
    try:
        point = parse_line(line.rstrip("\r"))
    except (LineFormatError, ValueError) as error:
        intake.leave_out(Reason.LINE, 1, f"{where}: {error}")
        return
    if point is None:  # a comment
        return
    at = point["time"]
    time = intake.received_at if at is None else at * scale // 1000
    tags = tuple(sorted(point["tags"].items()))
    for field, value in point["fields"].items():
        if isinstance(value, str):
            intake.leave_out(Reason.TEXT)
            continue
        named = _named(point["measurement"], field, tags)
        if isinstance(named, str):
            intake.leave_out(Reason.INVALID, 1, f"{where}: {named}")
        else:
            intake.add(intake.place(named), time, float(value))


def _named(measurement: str, field: str, tags: tuple[tuple[str, str], ...]) -> Named | str:
    said: Any = (measurement, field, tags)
    named = INFLUX_NAMES.get(said)
    if named is None:
        name = measurement if field == FIELD_OF_MEASUREMENT else f"{measurement}_{field}"
        return INFLUX_NAMES.keep(said, translate(name, tags), len(name) + sum(len(key) + len(tag) for key, tag in tags))
    return named
