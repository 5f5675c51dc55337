"""The part of PromQL that is read, and what is said where it cannot be."""

import shutil
import subprocess
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.prometheus.expressions import Comparison, Joined, Selector, Unsupported
from rules.prometheus.native import read_expression


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cpu > 90", [("cpu", ">", "90")]),
        ("90 < cpu", [("cpu", ">", "90")]),
        ("((cpu)) >= (9e1)", [("cpu", ">=", "9E+1")]),
        ("cpu == -1.5", [("cpu", "==", "-1.5")]),
        ("(cpu > 90)", [("cpu", ">", "90")]),
        ("avg_over_time(cpu[1h30m]) != 0x10", [("avg 5400 cpu", "!=", "16")]),
        ('max_over_time(job:cpu:rate5m{target="web"}[5m]) < .5', [("max 300 job:cpu:rate5m", "<", "0.5")]),
        ("cpu > 90 and memory > 80 # both", [("cpu", ">", "90"), ("memory", ">", "80")]),
        (
            "cpu > 90 and (memory > 80 and (10 > disk))",
            [("cpu", ">", "90"), ("memory", ">", "80"), ("disk", "<", "10")],
        ),
        ("cpu > 010 AND cpu < 0755", [("cpu", ">", "8"), ("cpu", "<", "493")]),
        ("x > 0789 or x > 1_000_000", [("x", ">", "789"), ("x", ">", "1000000")]),
        ("x > 5m OR x < 1h30m", [("x", ">", "300.0"), ("x", "<", "5400.0")]),
        ("x > 1024 * 1024", [("x", ">", "1048576.0")]),
        (
            "x < -(5) and x > -2 ^ 2 and x > (1) + 2 * 3 - 4 / 2",
            [("x", "<", "-5"), ("x", ">", "-4.0"), ("x", ">", "5.0")],
        ),
        ("(1024) * 2 < x", [("x", ">", "2048.0")]),
        ("x > 12345678901234567890", [("x", ">", "12345678901234567890")]),
        ('{"x.y"} > 1 and {__name__="z"} > 1e-3', [("x.y", ">", "1"), ("z", ">", "0.001")]),
        ('avg_over_time({"x.y"}[300]) > 1', [("avg 300 x.y", ">", "1")]),
        ("rate(errors[10m]) > 0.5", [("rate 600 errors", ">", "0.5")]),
        ("absent(cpu)", [("absent 300 cpu", "==", "1")]),
        ("predict_linear(disk[1h], 4 * 3600) < 0", [("predict_linear 3600 disk", "<", "0")]),
        ("quantile_over_time(0.9, x[1h]) > 2", [("quantile 3600 x", ">", "2")]),
        ("(cpu > 90) or\n memory > 80", [("cpu", ">", "90"), ("memory", ">", "80")]),
    ],
)
def test_what_can_be_said(text, message):
    found = read_expression(text)
    shown = [(_shown(each.selector), each.operator, float(each.threshold)) for each in found.comparisons]
    assert shown == [(watched, sign, float(threshold)) for watched, sign, threshold in message]
    assert found.match == ("any" if " or" in text.lower() else "all")


def _shown(selector):
    return f"{selector.reducer} {selector.window:g} {selector.metric}" if selector.window else selector.metric


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is missing"),
        ("cpu", "no comparison with a number"),
        ("cpu > memory", "one metric with one number"),
        ("1 > 2", "no valid PromQL"),
        ("cpu > bool 90", "leave bool out"),
        ("irate(requests[5m]) > 10", "irate is not supported. Supported: avg_over_time"),
        ("stddev(cpu) > 10", "stddev aggregates several series"),
        ("sum without (job) (cpu) > 10", "sum without aggregates several series"),
        ("sum(max(cpu)) > 10", "sum of max aggregates several series"),
        ('absent(cpu{job="a"})', "absent of more than one metric"),
        ("cpu / 100 > 0.9", "Arithmetic (/)"),
        ("cpu > memory / 2", "Arithmetic (/)"),
        ("(cpu + memory) > 90", "Arithmetic (+)"),
        ("cpu offset 5m > 90", "offset is not supported"),
        ("avg_over_time(cpu[5m] offset 1h) > 90", "offset is not supported"),
        ("avg_over_time(cpu[1h:5m]) > 90", "Subqueries"),
        ("avg_over_time(cpu) > 90", "expected type matrix"),
        ("cpu[5m] > 90", "no valid PromQL"),
        ("cpu > 90 and on (job) memory > 80", "on is not supported"),
        ("cpu > 90 unless memory > 80", "unless is not supported"),
        ("a > 1 and b > 2 or c > 3", "Mixing and with or is not supported"),
        ("a > 1 and (b > 2 or c > 3)", "Mixing and with or is not supported"),
        ("absent(rate(cpu[5m]))", "absent of more than one metric is not supported"),
        ("last_over_time(cpu[5m]) > 1", "the metric itself is the latest reading"),
        ('{job="web"} > 1', "matchers alone"),
        ('x{target="a",target="b"} > 1', "Conflicting matchers"),
        ('x{"y"} > 1', "must not be set twice"),
        ('x{target="\\q"} > 1', "an invalid escape sequence"),
        ('x{target="\\ud800"} > 1', "an invalid escape sequence"),
        ('x{target="\\\'"} > 1', "an invalid escape sequence"),
        ("x > 0b11", "bad number"),
        ("x > 1e400", "not a finite number"),
        ("x > 1 / 0", "not a finite number"),
        ("x > 10 ^ 400", "not a finite number"),
        ("x < +Inf", "cannot be a threshold"),
        ("x > 1 UNLESS y > 1", "unless is not supported"),
        ("STDDEV(x) > 1", "stddev aggregates several series"),
        ("x > 1__0", "only allowed between the digits"),
        ("cpu > NaN", "cannot be a threshold"),
        ("predict_linear(x[1h], y) < 0", "no valid PromQL"),
        ("(cpu > 90) > 80", "Comparing a comparison"),
        ("cpu > 90)", "no valid PromQL"),
        ("(cpu > 90", "unclosed left parenthesis"),
        ("cpu{job=web} > 1", "unexpected identifier"),
        ("cpu ? 1", "unexpected character"),
        ("(" * 300 + "cpu > 1" + ")" * 300, "Nested too deeply"),
        ("-" * 9000 + "x > 1", "Nested too deeply"),
        ("x" + " or x" * 3000, "Nested too deeply"),
        ("default_rollup(x[5m]) > 1", "only MetricsQL has"),
        ('x{a="{{ .Values.a }}"} > 1', "has a template"),
    ],
)
def test_what_is_said_of_the_rest(text, says):
    with pytest.raises((Unsupported, ValueError)) as caught:
        read_expression(text)
    assert says in str(caught.value)


NAMES = st.sampled_from(["cpu", "memory_used", "job:latency:p99", "disk_free"])
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda each: f"{each:f}"),
).map(Decimal)
TARGETS = st.sampled_from([(), (("target", "=", 'web "1"'),)])
SELECTORS = st.builds(
    lambda name, matchers, over: Selector(name, matchers, *over),
    NAMES, TARGETS,
    st.sampled_from([("last", 0.0), ("rate", 600.0), ("avg", 300.0), ("max", 5400.0), ("count", 86_400.0)]),
)  # fmt: skip
COMPARED = st.builds(Comparison, SELECTORS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBERS)
WHOLE = st.builds(
    lambda match, some: Joined(match if len(some) > 1 else "all", tuple(some)),
    st.sampled_from(["all", "any"]), st.lists(COMPARED, min_size=1, max_size=4),
)  # fmt: skip


def written(joined):
    word = " and " if joined.match == "all" else " or "
    return word.join(f"{_selector(each.selector)} {each.operator} {each.threshold}" for each in joined.comparisons)


def _selector(selector):
    quoted = [f'{label}{op}"{value}"' for label, op, value in _escaped(selector.matchers)]
    series = selector.metric + (f"{{{','.join(quoted)}}}" if quoted else "")
    function = selector.reducer if selector.reducer == "rate" else f"{selector.reducer}_over_time"
    return f"{function}({series}[{selector.window:.0f}s])" if selector.window else series


def _escaped(matchers):
    return [(label, op, value.replace("\\", "\\\\").replace('"', '\\"')) for label, op, value in matchers]


@pytest.mark.parametrize(
    ("written", "read"),
    [(r'"a\tb"', "a\tb"), (r'"caf\u00e9"', "café"), (r"`disk\1`", "disk\\1"), (r"'it\'s'", "it's"),
     (r'"\x41\101\\"', "AA\\"),
     (r'"\xc3\xa9"', "é"), ('"a",', "a"), (r'"\U0001F600"', "😀")],
)  # fmt: skip
def test_texts_are_read_as_go_reads_them(written, read):
    (found,) = read_expression(f"x{{target={written}}} > 1").comparisons
    assert found.selector.matchers == (("target", "=", read),)


@given(WHOLE)
def test_what_is_written_is_read_back(joined):
    assert _with_floats(read_expression(written(joined))) == _with_floats(joined)


def _with_floats(joined):
    return joined.match, [(each.selector, each.operator, float(each.threshold)) for each in joined.comparisons]


@given(st.text(alphabet="cpu>()[]{}\"'and or5m=!#\\@-+.x ", max_size=60))
def test_whatever_is_typed_is_read_or_refused(text):
    with suppress(Unsupported, ValueError):
        assert read_expression(text).comparisons


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool, of Debian's package prometheus, is not installed")
def test_prometheus_reads_what_we_read(tmp_path):
    texts = [
        "90 < cpu", "((cpu)) >= (9e1)", "cpu == -1.5", "avg_over_time(cpu[1h30m]) != 0x10",
             'max_over_time(job:cpu:rate5m{target="web"}[5m]) < .5', "cpu > 90 and (memory > 80 and (10 > disk))",
    ]  # fmt: skip
    rules = "".join(f"      - {{alert: A{n}, expr: '{text}'}}\n" for n, text in enumerate(texts))
    (tmp_path / "rules.yaml").write_text(f"groups:\n  - name: g\n    rules:\n{rules}")
    done = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "rules.yaml")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
