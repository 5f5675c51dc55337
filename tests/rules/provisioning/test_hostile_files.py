"""Whatever is sent as a file of rules is read or refused in words, and soon."""

# ruff: noqa: E501
import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.prometheus.importer import import_prometheus
from rules.provisioning.document import FIELD_NAMES, FIELD_OF_FILE_NAME, read_document, read_text
from rules.provisioning.plan import make_plan
from rules.provisioning.problems import FileRefused
from tests.api import Program
from tests.effort import effort
from tests.examples import examples

SOUND = {"uid": "t", "name": "T", "metric": "x", "operator": ">", "threshold": 1, "action": "alert"}
HOSTILE = [
    None, True, 0, -1, 1.5, 10**19, 10**400, 1e308, float("inf"), float("nan"), "", "x", "\ud800", "\0", "9999999999d",
    "1e1000000", "\u202e", [], [[]], {}, {"": None}, {"\ud800": 1}, [None], [{}], "x" * 20_000, "-5m", "2**63", {"a": {"b": []}},
]  # fmt: skip
anything = st.recursive(
    st.sampled_from(HOSTILE) | st.text(max_size=8) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6,
)  # fmt: skip
rules = st.dictionaries(
    st.sampled_from([*FIELD_NAMES, *FIELD_OF_FILE_NAME]) | st.text(max_size=6), anything, max_size=3
)
documents = anything | st.builds(
    lambda changes, more: {"version": 1, "source": "t.yaml", "rules": [SOUND | each for each in changes]} | more,
    st.lists(rules, min_size=1, max_size=2), st.dictionaries(st.sampled_from(["version", "source", "rules", "x"]), anything, max_size=1),
)  # fmt: skip


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents)
def test_any_value_is_planned_or_refused(alice, document):
    with suppress(FileRefused):
        make_plan(read_document(document, "t.yaml"), alice)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents)
def test_any_document_has_an_answer(alice, no_limits, document):
    program = Program(alice)
    for verb in ("plan", "apply"):
        for body in ({"document": document}, {"text": json.dumps(document)}):
            answer = program.client.post(f"/api/rules/{verb}/", json.dumps(body), content_type="application/json")
            assert answer.status_code in (200, 400), answer.content
            assert answer.headers["Content-Type"] == "application/json"


HEAD = "version: 1\nsource: t.yaml\nrules:\n"
TEXTS = [
    "!!binary aGVsbG8=", "!!set {a, b}", "2026-01-01", "!!python/object:os.system x", "{<<: *none}", "{a: 1, a: 2}", ".inf",
    "!!int x", "!!float ''", "!!timestamp 2026-01-01", "{? [a] : b}", "{<<: 5}", "&a [*a]", "!!null x", "!!bool x", "- \t", "%",
    "{uid: t, threshold: .nan}", "{uid: t, threshold: 1e1000000}", "[" * 5000, "{a: " * 5000, '"\\ud800"', "\x07", "!!omap [a: 1]",
    "{uid: 0x10, name: !!str 5}", "{<<: [{a: 1}, {b: 2}]}", "{!!binary aGVsbG8=: 1}", "---", "*a", "!!merge x", "? x",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_odd_yaml_is_refused_in_words(text):
    for whole in (text, f"{HEAD}  - {text}\n", f"groups: {text}", f"groups: [{{name: g, rules: [{text}]}}]"):
        for read in (read_text, import_prometheus):
            with suppress(FileRefused):
                read(whole)


@settings(max_examples=examples(300), deadline=None)
@given(st.text(alphabet="ab:-{}[]&*!<>|?,'\"#%@` \n\t0.é\ud800\0", max_size=40))
def test_any_text_is_read_or_refused(text):
    for read in (read_text, import_prometheus):
        with suppress(FileRefused):
            read(text)


RULE = "  - {{uid: u{0}, name: N, metric: x, operator: '>', threshold: {0}, action: alert, labels: {{a: b, c: d}}}}\n"
LARGE = {
    "rules": HEAD + "".join(RULE.format(n) for n in range(18_000)),
    "values": "a: [" + "1," * 900_000 + "1]",
    "depth": "[" * 1_000_000,
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)),
    "text": "a: " + "x" * 9_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_what_is_too_large_is_refused_soon(name):
    def read():
        with pytest.raises(FileRefused):
            read_text(LARGE[name])

    assert effort(read) < 1000
