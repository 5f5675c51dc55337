"""Prometheus remote write, 1.0 and 2.0: what is stored, what is answered, and what a hostile body does."""

import time

import cramjam
import pytest

from rules.models import ActivityEntry, MetricReceipt, MetricSample, MetricSeries
from tests.rules.api.protocols.senders import REMOTE_WRITE, STALE, Sender, kept, version_1

NOW, DAY = int(time.time() * 1000), 86_400_000
LOAD = {"__name__": "node_load1", "instance": "web-1:9100", "job": "node"}
KEY = 'node_load1{instance="web-1:9100",job="node"}'
WRITTEN = "X-Prometheus-Remote-Write-Samples-Written"


@pytest.mark.parametrize("version", [1, 2])
def test_samples_are_the_token_owners_and_repeated_ones_are_stored_once(alice, version):
    sender = Sender(alice)
    for _ in range(2):
        late_ones = (LOAD, [(3.0, NOW), (1.0, NOW - 60_000), (2.5, NOW - 30_000)])
        answer = sender.write(late_ones, ({"__name__": "up"}, [(1, NOW)]), version=version)
        assert (answer.status_code, answer[WRITTEN]) == (204, "4")
    assert kept() == {KEY: [1, 2.5, 3], "up": [1]}
    series = MetricSeries.objects.get(metric="node_load1")
    assert (series.user, series.labels) == (alice, {"instance": "web-1:9100", "job": "node"})
    receipt = MetricReceipt.objects.get()
    assert (receipt.user, receipt.requests, receipt.samples, receipt.not_kept) == (alice, 2, 8, {})


@pytest.mark.parametrize("version", [1, 2])
def test_a_stale_marker_ends_its_series_until_a_sample_is_newer(alice, version):
    sender = Sender(alice)
    sender.write((LOAD, [(1, NOW - 60_000)]), version=version)
    answer = sender.write((LOAD, [(STALE, NOW - 30_000)]), ({"__name__": "new"}, [(STALE, NOW)]), version=version)
    assert (answer.status_code, answer[WRITTEN]) == (204, "2")
    assert kept() == {KEY: [1]}
    series = MetricSeries.objects.get()  # one that only ended is not made
    assert int(series.stale_at.timestamp() * 1000) == NOW - 30_000
    sender.write((LOAD, [(2, NOW - 45_000)]), version=version)
    series.refresh_from_db()
    assert series.stale_at
    sender.write((LOAD, [(2, NOW)]), version=version)
    series.refresh_from_db()
    assert series.stale_at is None
    assert MetricReceipt.objects.get().not_kept == {"stale marker": 2}
    assert not ActivityEntry.objects.exists()


@pytest.mark.parametrize("version", [1, 2])
def test_what_cannot_be_kept_is_answered_counted_and_logged_once(alice, version):
    sender = Sender(alice)
    wrong = [
        (LOAD | {"target": "x" * 201}, [(1, NOW)]),
        ({"job": "node"}, [(1, NOW)]),
        ({"__name__": "fusion_score"}, [(1, NOW)]),
        (LOAD, [(float("inf"), NOW), (1, NOW + DAY), (1, -(2**45)), (float("nan"), NOW - 1), (5, NOW)]),
    ]
    for _ in range(2):
        answer = sender.write(*wrong, version=version)
    said = answer.content.decode()
    assert answer.status_code == 400
    assert said.startswith("1 samples were written; not kept: 3 × invalid series, 1 × infinite value, 1 × time in the")
    assert "fusion_score is a built-in metric and cannot be pushed." in said
    assert answer[WRITTEN] == "2"  # NaN says that there is no value, which is what is stored
    assert kept() == {KEY: [5]}
    assert MetricReceipt.objects.get().not_kept == {
        "invalid series": 6, "infinite value": 2, "time in the future": 2, "time before 1900": 2, "not a number": 2,
    }  # fmt: skip
    entry = ActivityEntry.objects.get()
    assert (entry.user, entry.event_type) == (alice, "samples_not_kept")


def test_native_histograms_are_named_and_exemplars_counted(alice):
    message = version_1((LOAD, [(1, NOW)]), ({"__name__": "latency"}, []))
    message.timeseries[1].histograms.append(b"\x08\x01")
    message.timeseries[0].exemplars.append(b"")
    answer = Sender(alice).write_bytes(cramjam.snappy.compress_raw(message.SerializeToString()))
    assert (answer.status_code, answer["X-Prometheus-Remote-Write-Histograms-Written"]) == (400, "0")
    assert b"1 \xc3\x97 exemplar, 1 \xc3\x97 native histogram. native histogram: latency" in answer.content
    assert kept() == {KEY: [1]}
    assert MetricReceipt.objects.get().not_kept == {"native histogram": 1, "exemplar": 1}


def test_names_that_ours_cannot_be_are_translated(alice):
    labels = {"__name__": "http.server/duration", "host.name": "a", "host/name": "b", "größe": "1"}
    assert Sender(alice).write((labels, [(1, NOW)])).status_code == 204
    assert kept() == {'http.server_duration{gr__e="1",host_name="a;b"}': [1]}


def test_an_operator_names_whose_series_they_are(alice, bob, olga):
    for name in (bob.email.upper(), "platform"):
        assert Sender(olga).write((LOAD, [(1, NOW)]), X_Smartagent_User=name).status_code == 204
        refused = Sender(alice).write((LOAD, [(1, NOW)]), X_Smartagent_User=name)
        assert (refused.status_code, b"Only operators" in refused.content) == (400, True)
    nobody = Sender(olga).write((LOAD, [(1, NOW)]), X_Smartagent_User="nobody@example.com")
    assert (nobody.status_code, b"No person with" in nobody.content) == (400, True)
    assert {series.user for series in MetricSeries.objects.all()} == {bob, None}


def test_who_may_not_push_is_told(alice, audra):
    sender = Sender(alice)
    for header, status in [("Basic YWxpY2U6d3Jvbmc=", 401), ("Basic ?", 401), ("Bearer sa_x", 401), ("", 401)]:
        answer = sender.write((LOAD, [(1, NOW)]), Authorization=header)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (status, 'Bearer realm="Smart Agent"')
    assert Sender(audra).write((LOAD, [(1, NOW)])).status_code == 403
    assert not MetricSample.objects.exists()


EMPTY_SERIES = cramjam.snappy.compress_raw(b"\x0a\x00" * 1_500_000)


@pytest.mark.parametrize(("body", "content_type", "encoding", "status", "message"), [
    (b"\xff" * 9, "application/x-protobuf", "snappy", 400, "not compressed with snappy"),
    (b"\x05ab", "application/x-protobuf", "snappy", 400, "not compressed with snappy"),
    (b"\xff\xff\xff\xff\x0f" + b"a" * 99, "application/x-protobuf", "snappy", 413, "maximum is 16,777,216 bytes"),
    (cramjam.snappy.compress_raw(b"\xff" * 99), "application/x-protobuf", "snappy", 400, "is not a prometheus.Write"),
    (cramjam.snappy.compress_raw(b"\x0a\x04\x0a\x02\xff\xff"), "application/x-protobuf", "snappy", 400, "Label"),
    (EMPTY_SERIES, "application/x-protobuf", "snappy", 413, "more than 20,000 empty messages"),
    (b"x", "application/x-protobuf", "gzip", 415, "it must be snappy"),
    (b"x", "application/json", "snappy", 415, "must be application/x-protobuf"),
    (b"x", "application/x-protobuf;proto=other.Message", "snappy", 415, "io.prometheus.write.v2.Request"),
])  # fmt: skip
def test_hostile_bodies(alice, body, content_type, encoding, status, message):
    answer = Sender(alice).post(REMOTE_WRITE, bytes(body), content_type, Content_Encoding=encoding)
    assert (answer.status_code, message in answer.content.decode()) == (status, True), answer.content
