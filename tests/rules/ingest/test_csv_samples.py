"""A CSV of samples is read alike by import_samples and by backtest."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rules.models import MetricSample

RULE = "version: 1\nrules: [{uid: r, name: R, metric: x, operator: '>', threshold: 90, action: log}]\n"
BEGIN = datetime(2025, 11, 27, 10, tzinfo=UTC)


@pytest.fixture
def rule(tmp_path):
    path = tmp_path / "rule.yaml"
    path.write_text(RULE)
    return path


def csv_of(tmp_path, text):
    path = tmp_path / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def imported(path):
    call_command("import_samples", str(path), metric="x", user="alice@example.com", stdout=StringIO())
    return list(MetricSample.objects.order_by("observed_at").values_list("observed_at", "value"))


def backtested(path, rule):
    out = StringIO()
    call_command("backtest", rule=rule, samples=path, format="json", stdout=out)
    return json.loads(out.getvalue())["fired"]


@pytest.mark.parametrize("text", [
    b"\xef\xbb\xbftimestamp,value\r\n2025-11-27T10:00:00Z,1\r\n2025-11-27T10:05:00Z,95\r\n",
    "Timestamp, VALUE\n2025-11-27 10:00:00,1\n\n2025-11-27 10:05:00,95\n",
    "value,time\n1,2025-11-27T12:00:00+02:00\n95,2025-11-27T10:05:00Z",
    "timestamp,value,host\n1764237600,1,a\n1764237900,95,a\n",
    "timestamp,value\n1764237600000,1\n1764237900000,95\n",
])  # fmt: skip
def test_both_read_it(alice, rule, tmp_path, text):
    path = csv_of(tmp_path, text)
    assert imported(path) == [(BEGIN, 1), (BEGIN.replace(minute=5), 95)]
    assert backtested(path, rule) == 1


@pytest.mark.parametrize("row", [
    "2025-11-27,1_000", "2025-11-27,nan", "2025-11-27,inf", "2025-11-27,1e400", "2025-11-27,", "2025-11-27,1,2", "x,1",
    "0001-01-01T00:00:00+23:59,1", "0001-01-01,1", "1899-12-31,1", "17642376000000000,1", "20251127100000,1", "5,1",
    "1e1000000,1", "2025-11-27,\u0663", "2025-11-27;1", "-1764237600,1",
])  # fmt: skip
def test_both_refuse_it_and_name_the_line(alice, rule, tmp_path, row):
    path = csv_of(tmp_path, f"timestamp,value\n2025-11-26,1\n{row}\n")
    for read in (imported, lambda file: backtested(file, rule)):
        with pytest.raises(CommandError, match="line 3: ") as refused:
            read(path)
        assert refused.value.returncode == 2
    assert not MetricSample.objects.exists()


@pytest.mark.parametrize("text", [
    "", "timestamp,value\n", "time;value\n1;2\n", "timestamp,time,value\n1,2,3\n", b"timestamp,value\n\xff\n",
    "timestamp,value\n" + '"' + "x" * 140_000 + '",1\n',
])  # fmt: skip
def test_both_refuse_what_has_no_samples_or_no_columns(alice, rule, tmp_path, text):
    path = csv_of(tmp_path, text)
    with pytest.raises(CommandError) as one:
        imported(path)
    with pytest.raises(CommandError) as other:
        backtested(path, rule)
    assert str(one.value) == f"{other.value} Nothing was imported."
