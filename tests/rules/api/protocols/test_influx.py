"""InfluxDB line protocol, as Telegraf sends it."""

import base64
import gzip
import time
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ingest.intake import Intake
from rules.ingest.protocols.influx import read_lines
from rules.ingest.translation import metric_name
from rules.models import MetricReceipt, MetricSample
from tests.api import Program
from tests.rules.api.protocols.senders import Sender, kept

WRITE = "/api/v2/write?org=o&bucket=b"
NOW = int(time.time())
LATER = NOW + 86_400
TEXT = "text/plain; charset=utf-8"
TELEGRAF = f"""\
cpu,cpu=cpu0,host=web-1 usage_idle=97.5,usage_user=2i {NOW}000000000
system,host=web-1 load1=0.5,uptime_format="1 day, 2:03",n_users=3u {NOW}000000000
# a comment

http\\ response,host=web-1,server=https://a.example/?q\\=1 value=t {NOW}000000000
"""


@pytest.mark.parametrize("path", [WRITE, "/write?db=telegraf"])
@pytest.mark.parametrize("scheme", ["Token {0}", "Bearer {0}", "Basic {1}"])
def test_telegraf(alice, path, scheme):
    sender = Sender(alice)
    basic = base64.b64encode(f"telegraf:{sender.token}".encode()).decode()
    body, authorization = gzip.compress(TELEGRAF.encode()), scheme.format(sender.token, basic)
    answer = sender.post(path, body, TEXT, Content_Encoding="gzip", Authorization=authorization)
    assert (answer.status_code, answer.content) == (204, b"")
    assert kept() == {
        'cpu_usage_idle{cpu="cpu0",host="web-1"}': [97.5], 'cpu_usage_user{cpu="cpu0",host="web-1"}': [2],
        'system_load1{host="web-1"}': [0.5], 'system_n_users{host="web-1"}': [3],
        'http_response{host="web-1",server="https://a.example/?q=1"}': [1],
    }  # fmt: skip
    assert set(MetricSample.objects.values_list("observed_at__second", flat=True)) == {NOW % 60}
    assert MetricReceipt.objects.get().not_kept == {"text field": 1}


@pytest.mark.parametrize(("size", "status"), [(0, 204), (16 * 1024 * 1024, 413)])
def test_a_body_in_chunks_has_no_length(alice, size, status):
    body = TELEGRAF.encode() + b"#" * size
    sender = Sender(alice)
    answer = sender.client.post(
        WRITE, headers={"Authorization": f"Token {sender.token}", "Transfer-Encoding": "chunked"},
        **{"CONTENT_LENGTH": "", "wsgi.input": BytesIO(body)},
    )  # fmt: skip
    assert answer.status_code == status
    assert len(kept()) == (5 if status == 204 else 0)


@pytest.mark.parametrize(("precision", "digits"), [("ns", 9), ("us", 6), ("ms", 3), ("s", 0), ("", 9)])
def test_precision(alice, precision, digits):
    Sender(alice).post(f"{WRITE}&precision={precision}", f"cpu value=1 {NOW * 10**digits}".encode(), TEXT)
    assert int(MetricSample.objects.get().observed_at.timestamp()) == NOW


def test_good_lines_are_written_and_the_others_named_by_number(alice, bob):
    body = f'cpu value=1\ncpu\nmem text="a\nb",free=2\nfusion_score value=1\ndisk value=1 {LATER}000000000\nx v=1e999'
    for path, name in [(WRITE, "message"), ("/write?db=d", "error")]:
        answer = Sender(alice).post(path, body.encode(), TEXT)
        assert answer.status_code == 400
        said = answer.json()[name]
        assert said.startswith("partial write: ")
        for expected in ["2 samples were written", "line 2: ", "line 5: fusion_score is a built-in", "line 7: "]:
            assert expected in said
        assert "1 × time in the future" in said
    (receipt,) = Program(alice).get("received-metrics/?protocol=InfluxDB+line+protocol")["results"]
    assert (receipt["requests"], receipt["samples"], receipt["not_kept"]["invalid line"]) == (2, 4, 4)
    assert receipt["example"].startswith("invalid line: line 2: ")
    assert Program(bob).get("received-metrics/")["results"] == []
    assert {key: values[0] for key, values in kept().items()} == {"cpu": 1, "mem_free": 2}


@pytest.mark.parametrize(("path", "body", "status", "message"), [
    (WRITE + "&precision=min", b"cpu value=1", 400, "Valid precisions: ns, us, ms, s."),
    ("/write?precision=rfc", b"cpu value=1", 400, "Valid precisions: n, ns, u, us, ms, s, m, h."),
    (WRITE, b"cpu value=\xff", 400, "byte 10 does not belong"),
    (WRITE, b"cpu\0 value=1", 400, "line 1: "),
    (WRITE, b"cpu value=1 9000000000000000000", 400, "time in the future"),
    (WRITE, b"cpu value=1 -9000000000000000000", 400, "before 1900"),
    (WRITE, b"#\n" * 100_001, 413, "more than 100,000 lines"),
    (WRITE, b"x" * (16 * 1024 * 1024 + 1), 413, "maximum is 16,777,216"),
    (WRITE, b"a v=1\n" * 50_001, 413, "more than 50,000 samples"),
])  # fmt: skip
def test_hostile_bodies(alice, path, body, status, message):
    answer = Sender(alice).post(path, body, TEXT)
    assert (answer.status_code, message in " ".join(answer.json().values())) == (status, True), answer.content
    assert not MetricSample.objects.exists()


def test_a_form_is_read_as_lines_too(alice):
    """As curl sends it where nobody gives a content type."""
    body = b"cpu value=1\n" + b"# &=" + b"x" * 3_000_000
    assert Sender(alice).post("/write", body, "application/x-www-form-urlencoded").status_code == 204
    assert kept() == {"cpu": [1]}


# A tab before a name is skipped like a space, as InfluxDB does.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\t\n\r\0\\"#, ='), min_size=1, max_size=9)


@given(NAMES, NAMES, NAMES, st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(-10, 10**9))
def test_what_is_written_is_read(measurement, field, tag, value, seconds):
    intake = Intake(None, datetime(2026, 3, 2, tzinfo=UTC))
    read_lines(f"{measurement},tag={tag} {field}={value!r} {seconds}", "s", intake)
    assert (intake.columns.values, intake.columns.times) == ([value], [seconds * 10**6])
    (_, metric, key), *_ = intake.columns.series
    assert metric == metric_name(measurement if field == "value" else f"{measurement}_{field}")
    assert key == f'{{tag="{tag}"}}'


@given(st.text(st.sampled_from(list('cpu, =\\"#itfT01.e-\n\r\0é{}'))))
def test_whatever_comes_is_kept_or_counted(text):
    intake = Intake(None, datetime(2026, 3, 2, tzinfo=UTC))
    read_lines(text, "ns", intake)
    assert all(len(column) == len(intake.columns) for column in (intake.columns.values, intake.columns.times))
