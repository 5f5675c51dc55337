"""manage.py backtest: a rule from a file over a CSV."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

RULE = """\
version: 1
rules:
  - uid: cpu-high
    name: CPU high
    metric: cpu
    operator: ">"
    threshold: 80
    action: alert
"""


@pytest.fixture
def files(tmp_path):
    rule, samples = tmp_path / "rule.yaml", tmp_path / "samples.csv"
    rule.write_text(RULE)
    values = zip(range(0, 35, 5), [50, 90, 90, 50, 95, 60, 60], strict=True)
    lines = [f"2026-03-02 10:{minute:02},{value}" for minute, value in values]
    samples.write_text("\n".join(["timestamp,value", *lines]))
    return rule, samples


def backtest(rule, samples, *more):
    out = StringIO()
    call_command("backtest", "--rule", str(rule), "--samples", str(samples), *more, stdout=out)
    return out.getvalue()


def test_what_it_would_have_done_without_a_database(files):
    """There is no database here: pytest-django would refuse one."""
    found = json.loads(backtest(*files, "--format", "json"))
    assert (found["fired"], found["notified"]) == (2, 2)
    assert found["transitions"][0] == {
        "at": "2026-03-02T10:05:00+00:00", "from": "ok", "to": "firing", "value": 90.0, "reason": "",
    }  # fmt: skip
    assert [(made["from"], made["to"]) for made in found["transitions"]] == [("ok", "firing"), ("firing", "ok")] * 2


def test_in_words(files):
    assert backtest(*files).splitlines()[-1] == "Fired 2 times, notified 2 times."


@pytest.mark.parametrize(
    ("rule", "samples", "says"),
    [
        (RULE.replace('">"', "near"), None, "operator"),
        (None, "time,values\n1,2", "it should be timestamp,value"),
        (None, "timestamp,value\nyesterday,2", "line 2: “yesterday” is not a time"),
        (None, "timestamp,value\n", "samples.csv: it has a header, but no samples"),
        (RULE + RULE.split("rules:\n")[1].replace("cpu-high", "other"), None, "select a rule by --uid"),
    ],
)
def test_what_is_wrong_is_said(files, rule, samples, says):
    for path, text in zip(files, (rule, samples), strict=True):
        if text is not None:
            path.write_text(text)
    with pytest.raises(CommandError, match=says) as refused:
        backtest(*files)
    assert refused.value.returncode == 2


def test_files_that_are_not_there(files, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        backtest(tmp_path / "none.yaml", files[1])
    with pytest.raises(CommandError, match="cannot be read"):
        backtest(files[0], tmp_path / "none.csv")


def test_every_transition_is_told_however_many_there_are(files):
    rule, samples = files
    rule.write_text(RULE + "    repeat_every: 0m\n")
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    lines = [f"{begin + n * timedelta(minutes=5):%Y-%m-%d %H:%M},90" for n in range(6000)]
    samples.write_text("\n".join(["timestamp,value", *lines]))
    found = json.loads(backtest(rule, samples, "--format", "json"))
    assert found["notified"] == len(found["transitions"]) == 6000
