"""Samples by REST: all or nothing, and once."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, MetricSample, RuleState
from smartagent.models import IdempotencyKey
from smartagent.rest.idempotency import forget_old_keys
from tests.api import Program

AT = "2026-03-02T10:00:00Z"
LINES = "application/x-ndjson"

zipped = partial(gzip.compress, mtime=0)


def kept():
    return list(
        MetricSample.objects.order_by("series__metric", "observed_at", "value").values_list("series__metric", "value")
    )


def test_one_sample_is_the_callers_of_now(alice):
    before = timezone.now()
    assert Program(alice).post("samples/", {"metric": "cpu", "value": 71.5}, status=201) == {"accepted": 1}
    sample = MetricSample.objects.get()
    assert (sample.series.user, str(sample.series), sample.value) == (alice, "cpu", 71.5)
    assert before <= sample.observed_at <= timezone.now()


def test_a_list(alice):
    samples = [{"metric": "cpu", "value": value, "observed_at": f"2026-03-02T10:0{value}:00Z"} for value in range(3)]
    assert Program(alice).post("samples/", samples, status=201) == {"accepted": 3}
    assert kept() == [("cpu", 0), ("cpu", 1), ("cpu", 2)]


def test_labels_make_series(alice):
    labelled = [
        {"metric": "cpu", "value": 1, "labels": {"host": "web-1", "mode": "idle"}, "observed_at": AT},
        {"metric": "cpu", "value": 2, "labels": {"mode": "idle", "host": "web-1"}, "observed_at": AT},  # the same one
        {"metric": "cpu", "value": 3, "labels": {"host": "web-2", "zone": ""}, "observed_at": AT},
        {"metric": "cpu", "value": 4, "labels": {"target": "db"}, "observed_at": AT},
        {"metric": "cpu", "value": 5, "target": "db", "observed_at": AT},
        {"metric": "cpu", "value": 6, "target": "db", "labels": {"host": "web-1"}, "observed_at": AT},
    ]
    assert Program(alice).post("samples/", labelled, status=201) == {"accepted": 6}
    found = {each["target"]: (each["labels"], each["value"]) for each in Program(alice).get("samples/")["results"]}
    assert found == {
        '{host="web-1",mode="idle"}': ({"host": "web-1", "mode": "idle"}, 2),
        '{host="web-2"}': ({"host": "web-2"}, 3),
        "db": ({"target": "db"}, 5),
        '{host="web-1",target="db"}': ({"host": "web-1", "target": "db"}, 6),
    }
    fields = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 2, "action_type": "log"}
    for target in found:
        AutomationRule.objects.create(user=alice, rule_name=target, target_integration=target, **fields)
    dispatch(datetime.fromisoformat(AT), "api")
    fired = RuleState.objects.filter(condition="firing").values_list("rule__rule_name", "target", "value")
    assert set(fired) == {(target, target, value) for target, (_, value) in found.items() if value > 2}


def test_a_sample_on_each_line_gzipped(alice):
    body = gzip.compress(b'{"metric": "cpu", "value": 1, "observed_at": "2026-03-02T10:00:00+01:00"}\n\n'
                         b'{"metric": "queue.length", "value": 2, "target": "mail"}\n')  # fmt: skip
    options = {"content_type": LINES, "headers": {"Content-Encoding": "gzip"}}
    assert Program(alice).post("samples/", body, status=201, **options) == {"accepted": 2}
    assert MetricSample.objects.get(series__metric="cpu").observed_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert MetricSample.objects.get(series__metric="queue.length").series.target == "mail"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
def test_every_member_of_a_gzipped_body_is_kept(alice, coding):
    lines = [
        f'{{"metric": "cpu", "value": {value}, "observed_at": "2026-03-02T10:0{value}:00Z"}}\n' for value in range(3)
    ]
    body = b"".join(gzip.compress(line.encode()) for line in lines)
    options = {"content_type": LINES, "headers": {"Content-Encoding": coding}}
    assert Program(alice).post("samples/", body, status=201, **options) == {"accepted": 3}
    assert kept() == [("cpu", 0), ("cpu", 1), ("cpu", 2)]


def test_pushed_again_it_replaces_and_of_two_in_one_request_the_last_stays(alice):
    program = Program(alice)
    program.post("samples/", {"metric": "cpu", "value": 1, "observed_at": AT}, status=201)
    again = [{"metric": "cpu", "value": value, "observed_at": at} for value, at in
             [(2, AT), (3, "2026-03-02T11:00:00+01:00"), (4, "2026-03-02T10:00:01Z")]]  # fmt: skip
    assert program.post("samples/", again, status=201) == {"accepted": 3}
    assert kept() == [("cpu", 3), ("cpu", 4)]


def test_other_series_at_that_time_stay(alice, bob, olga):
    for value, fields in enumerate([{}, {"target": "b"}, {"metric": "mem"}, {"user": bob.email}, {"user": None}]):
        sample = {"metric": "cpu", "value": value, "observed_at": AT, "user": str(alice.pk)} | fields
        Program(olga).post("samples/", sample, status=201)
    Program(olga).post("samples/", {"metric": "cpu", "value": 9, "observed_at": AT, "user": None}, status=201)
    assert kept() == [("cpu", 0), ("cpu", 1), ("cpu", 3), ("cpu", 9), ("mem", 2)]


WRONG_SAMPLES = [
    ({"metric": "cpu"}, "value", "Required."),
    ({"value": 1}, "metric", "Required."),
    ({"metric": "fusion_score", "value": 1}, "metric", "fusion_score is a built-in metric and cannot be pushed."),
    ({"metric": "9cpu", "value": 1}, "metric", "“9cpu” is not a metric name."),
    ({"metric": "c" * 201, "value": 1}, "metric", "at most 200 characters"),
    ({"metric": "cpu\n", "value": 1}, "metric", "is not a metric name"),
    ({"metric": 5, "value": 1}, "metric", "as text"),
    ({"metric": "cpu", "value": True}, "value", "Enter a number, for example 70 or 99.5; this is a truth value."),
    ({"metric": "cpu", "value": "70"}, "value", "this is a text"),
    ({"metric": "cpu", "value": None}, "value", "this is nothing"),
    ({"metric": "cpu", "value": 10**400}, "value", "The number must be finite"),
    ({"metric": "cpu", "value": 1, "observed_at": "yesterday"}, "observed_at", "“yesterday” is not a time."),
    ({"metric": "cpu", "value": 1, "observed_at": 1700000000}, "observed_at", "Invalid time."),
    ({"metric": "cpu", "value": 1, "observed_at": "2026-03-02T10:00:00"}, "observed_at", "Include a time zone"),
    ({"metric": "cpu", "value": 1, "observed_at": "2999-01-01T00:00:00Z"}, "observed_at", "At most 5 minutes ahead"),
    ({"metric": "cpu", "value": 1, "observed_at": "0001-01-01T00:00:00+14:00"}, "observed_at", "outside the years"),
    ({"metric": "cpu", "value": 1, "target": "a\x00"}, "target", "printable"),
    ({"metric": "cpu", "value": 1, "labels": {"0": "a"}}, "labels", "“0” is not a label name"),
    ({"metric": "cpu", "value": 1, "labels": {"a": 1}}, "labels", "must be text"),
    ({"metric": "cpu", "value": 1, "labels": {"target": "a"}, "target": "b"}, "labels", "differ"),
    ({"metric": "cpu", "value": 1, "time": AT}, "time", "Unknown field. Known fields: metric, value"),
    ({"metric": "cpu", "value": 1, "user": "bob@example.com"}, "user", "Only operators can push samples"),
    ({"metric": "cpu", "value": 1, "user": None}, "user", "Only operators can push samples"),
    ({"metric": "cpu", "value": 1, "user": 7}, "user", "as text, or null"),
]  # fmt: skip


def test_what_is_wrong_with_a_sample_is_said_beside_the_field(alice, bob):
    program = Program(alice)
    for sample, field, message in WRONG_SAMPLES:
        error = program.post("samples/", sample, status=400)
        assert list(error) == [field], sample
        assert message in error[field][0], sample
    assert kept() == []


def test_one_wrong_sample_and_none_is_written(alice):
    good = {"metric": "cpu", "value": 1}
    error = Program(alice).post("samples/", [good, good, {"metric": "cpu"}], status=400)
    assert error == {"[2].value": ["Required."]}
    body = "\n".join(json.dumps(sample) for sample in [good, {"metric": "9cpu", "value": "x"}])
    error = Program(alice).post("samples/", "\n" + body, status=400, content_type=LINES)
    assert set(error) == {"line 3.metric", "line 3.value"}
    assert kept() == []


def test_no_more_than_twenty_wrong_samples_are_told(alice):
    error = Program(alice).post("samples/", [7] * 33, status=400)
    assert error.pop("detail") == ["33 samples are invalid; nothing was written. First 20 shown, 13 more."]
    assert list(error) == [f"[{index}]" for index in range(20)]


def test_an_operator_is_told_whom_nobody_knows(olga):
    error = Program(olga).post("samples/", {"metric": "cpu", "value": 1, "user": "zoe@example.com"}, status=400)
    assert error == {"user": ["No person with the ID or e-mail address “zoe@example.com”."]}


WRONG_BODIES = [
    ("[]", {}, 400, "The body has no samples."),
    ("", {"content_type": LINES}, 400, "Required." ),
    ("7", {}, 400, "A sample must be an object"),
    ('{"metric": "cpu", "value": NaN}', {}, 400, "NaN is not valid JSON."),
    ('{"metric": "cpu", "value": 1e999}', {}, 400, "The number must be finite"),
    ('{"metric"', {}, 400, "The body is not JSON: "),
    ("[" * 100_000, {}, 400, "nested too deeply"),
    ('{"metric": "cpu", "value": 1}\n{"metric', {"content_type": LINES}, 400, "Line 2 is not JSON"),
    (b"\xff\xfe", {}, 400, "The body is not UTF-8"),
    ("timestamp,value", {"content_type": "text/csv"}, 415, "Unsupported media type"),
    (b"plain", {"headers": {"Content-Encoding": "gzip"}}, 400, "the body is not"),
    (zipped(b"[1, 2, 3]")[:-9], {"headers": {"Content-Encoding": "gzip"}}, 400, "ends too early"),
    (zipped(b" " * 1_200_000), {"headers": {"Content-Encoding": "gzip"}}, 413, "too large"),
    (zipped(b"[1]") + b"rest", {"headers": {"Content-Encoding": "gzip"}}, 400, "Trailing data"),
    (zipped(b"[1]") + zipped(b"[2]")[:-9], {"headers": {"Content-Encoding": "gzip"}}, 400, "too early"),
    (zipped(b" " * 600_000) * 2, {"headers": {"Content-Encoding": "gzip"}}, 413, "too large"),
    (zipped(b"") * 10_001, {"headers": {"Content-Encoding": "gzip"}}, 400, "more than 10,000 members"),
    (b"x", {"headers": {"Content-Encoding": "br"}}, 415, "'br'; only gzip is supported."),
    ("[" + "7," * 50_000 + "7]", {}, 413, "The request has 50,001 samples; the maximum is 50,000."),
    ("7\n" * 50_001, {"content_type": LINES}, 413, "More than 50,000 lines"),
]  # fmt: skip


def test_a_body_that_cannot_be_taken(alice, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
    program = Program(alice)
    for body, options, status, message in WRONG_BODIES:
        error = program.post("samples/", body, status=status, **options)
        assert message in next(iter(error.values()))[0], (message, error)


def test_a_body_beyond_the_limit(alice, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    error = Program(alice).post("samples/", [{"metric": "cpu", "value": 1}] * 9, status=413)
    assert error == {"detail": ["The body is too large. Send it in several requests."]}


def test_an_auditor_pushes_nothing(audra):
    Program(audra).post("samples/", {"metric": "cpu", "value": 1}, status=403)


def test_samples_are_listed_to_whom_they_belong(alice, bob, now):
    for minute in range(3):
        at = now + timedelta(minutes=minute)
        MetricSample.objects.push(user=alice, metric="cpu", value=minute, observed_at=at)
    MetricSample.objects.push(user=alice, metric="mem", value=9, observed_at=now)
    program = Program(alice)
    listed = program.get("samples/?metric=cpu")["results"]
    assert [sample["value"] for sample in listed] == [2, 1, 0]
    assert listed[0]["observed_at"] == "2026-03-02T10:02:00Z"
    assert len(program.get("samples/?after=2026-03-02T10:01:00Z")["results"]) == 2
    assert Program(bob).get("samples/")["results"] == []


def push(program, body, key, **options):
    return program.post("samples/", body, headers={"Idempotency-Key": key}, **options)


def test_the_same_request_with_its_key_again_writes_nothing(alice, bob):
    program, body = Program(alice), {"metric": "cpu", "value": 1}
    assert push(program, body, "k1", status=201) == push(program, body, "k1", status=201) == {"accepted": 1}
    assert len(kept()) == 1
    push(Program(bob), body, "k1", status=201)  # a key is its sender's own
    push(program, body, "k2", status=201)
    assert len(kept()) == 3


def test_a_key_that_came_with_another_request_is_refused(alice):
    push(Program(alice), {"metric": "cpu", "value": 1}, "k", status=201)
    error = push(Program(alice), {"metric": "cpu", "value": 2}, "k", status=422)
    assert error["detail"] == ["This Idempotency-Key was used with another request. Use a new key."]
    assert kept() == [("cpu", 1)]


def test_only_successes_are_kept(alice):
    push(Program(alice), {"metric": "cpu"}, "k", status=400)
    push(Program(alice), {"metric": "cpu", "value": 2}, "k", status=201)
    assert IdempotencyKey.objects.count() == 1


def test_a_key_has_a_shape(alice):
    error = push(Program(alice), {"metric": "cpu", "value": 1}, "x" * 256, status=400)
    assert error == {"Idempotency-Key": ["Use 1 to 255 ASCII letters, digits or symbols."]}


def test_old_keys_are_forgotten(alice):
    for hours in (1, 49):
        at = timezone.now() - timedelta(hours=hours)
        IdempotencyKey.objects.create(
            user=alice, key=str(hours), fingerprint="", status_code=201, answer="{}", created_at=at
        )
    assert forget_old_keys() == 1
    assert IdempotencyKey.objects.get().key == "1"
