"""manage.py import_samples"""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rules.models import MetricSample


@pytest.fixture
def series(tmp_path):
    def write(text, name="cpu.csv"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def run(file, **options):
    out = StringIO()
    call_command("import_samples", str(file), stdout=out, **{"metric": "cpu", "user": "alice@example.com"} | options)
    return out.getvalue()


def test_it_imports_a_file_and_says_what(alice, series):
    file = series("timestamp,value\n2014-04-10 00:02:00,14.012\n2014-04-10T02:07:00+02:00,13.3\n\n")
    assert run(file, target="db") == (
        "Imported 2 samples of cpu for alice@example.com, from 2014-04-10 00:02:00 to 2014-04-10 00:07:00 UTC.\n"
    )
    last = MetricSample.objects.latest("observed_at")
    assert (str(last.series), last.series.user, last.value) == ("cpudb", alice, 13.3)
    assert last.observed_at == datetime(2014, 4, 10, 0, 7, tzinfo=UTC)


def test_importing_again_replaces(alice, series):
    for value in (1, 2):
        run(series(f"timestamp,value\n2014-04-10 00:02:00,{value}\n"))
    assert MetricSample.objects.get().value == 2


def test_as_spreadsheets_write_it(alice, series):
    file = series(b"\xef\xbb\xbfTimestamp, Value\r\n2014-04-10 00:02:00,1\r\n")
    assert "Imported 1 samples" in run(file)


@pytest.mark.parametrize(("text", "message"), [
    ("", "it is empty. It should begin with the line timestamp,value."),
    ("timestamp,value\n", "it has a header, but no samples."),
    ("time;value\n1;2\n", "the first line is “time;value”; it should be timestamp,value."),
    ("timestamp,value\n2014-04-10,1\n2014-04-11,x\n", "line 3: “x”: Not a number."),
    ("timestamp,value\n2014-04-10,nan\n", "line 2: “nan”: Not a finite number."),
    ("timestamp,value\n2014-04-10,1_0\n", "line 2: “1_0”: Not a number."),
    ("timestamp,value\n10.4.2014,1\n", "line 2: “10.4.2014” is not a time."),
    ("timestamp,value\n2999-04-10,1\n", "line 2: The time is in the future"),
    ("timestamp,value\n2014-04-10,1,2\n", "line 2: there are 3 columns; there should be 2"),
    (b"timestamp,value\n\xff\xfe\n", "the file is not UTF-8 text."),
    ("timestamp,value\n" + '"' + "x" * 140_000 + '",1\n', "line 2: field larger than field limit"),
])  # fmt: skip
def test_a_file_that_cannot_be_taken_leaves_nothing(alice, series, text, message):
    with pytest.raises(CommandError) as error:
        run(series(text))
    assert message in str(error.value)
    assert error.value.returncode == 2
    assert not MetricSample.objects.exists()


def test_what_else_can_be_wrong(alice, series, tmp_path):
    file = series("timestamp,value\n2014-04-10,1\n")
    for path, options, message in [
        (tmp_path / "none.csv", {}, "none.csv: it cannot be read: No such file or directory."),
        (tmp_path, {}, "cannot be read: Is a directory."),
        (file, {"user": "zoe@example.com"}, "No person with the e-mail address 'zoe@example.com'."),
        (file, {"metric": "fusion_score"}, "fusion_score is a built-in metric and cannot be pushed."),
        (file, {"metric": "9cpu"}, "“9cpu” is not a metric name."),
        (file, {"target": "x" * 201}, "at most 200 printable characters"),
    ]:
        with pytest.raises(CommandError) as error:
            run(path, **options)
        assert message in str(error.value)
        assert error.value.returncode == 2
