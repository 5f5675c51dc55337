"""Whatever a template says: it ends soon, stays small, touches nothing, and fails by one error only."""

import socket
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.templating import NotWorded, check
from notifications.templating.context import EXAMPLE_CONTEXTS, VARIABLES
from notifications.templating.environment import compiled
from notifications.templating.filters import FILTERS
from notifications.templating.limits import MAX_OUTPUT_LENGTH, MAX_TEMPLATE_LENGTH
from notifications.templating.tags import TEMPLATE_TAGS
from tests.effort import effort
from tests.examples import examples
from tests.notifications.templating.hostile import HUNGRY_TEMPLATES

LABELS = {f"label{n}": "x" * 8000 for n in range(200)}
LARGE = EXAMPLE_CONTEXTS[1] | {
    "text": "lorem ipsum " * 660, "title": "ß" * 8000, "labels": LABELS, "value": 1e300,
    "items": [EXAMPLE_CONTEXTS[0] | {"text": "ß" * 8000, "labels": dict(LABELS)} for _ in range(200)],
    "time": datetime(2026, 3, 2, tzinfo=UTC),
}  # fmt: skip
MOST = 100  # loops of `effort`; about 16 are usual

names = st.sampled_from(
    [*VARIABLES, "labels.team", "items[0].title", "a", "forloop.index", "a.title", "a[1]", "x.__class__"]
)
numbers = st.one_of(st.integers(-(10**6), 10**6).map(str), st.floats().map(repr), st.just("9" * 400))
words = st.sampled_from(["'x'", '"%H:%M"', "'%c'", "''", "'" + "r" * 300 + "'", "(1..9)", "nil", "blank", "true"])
arguments = st.one_of(names, numbers, words)
given_to = st.lists(arguments, max_size=3).map(lambda each: ": " + ", ".join(each) if each else "")
filters = st.tuples(st.sampled_from([*FILTERS, "split", "safe"]), given_to)
chains = st.lists(filters.map(" | {0[0]}{0[1]}".format), max_size=8).map("".join)
values = st.tuples(st.one_of(names, numbers, words), chains).map("".join)
shown = values.map("{{{{ {} }}}}".format)
compared = st.tuples(arguments, st.sampled_from(["==", "!=", ">", "<=", "contains"]), arguments).map(" ".join)
opened = st.one_of(
    st.lists(compared, min_size=1, max_size=3).map(" and ".join).map("if {}".format),
    arguments.map("for a in {}".format), arguments.map("for a in items reversed limit: {}".format), st.just("comment"),
    st.just("raw"),
)  # fmt: skip
assigned = values.map("{{% assign a = {} %}}".format)


def within(inner):
    return st.tuples(opened, inner).map(lambda pair: f"{{% {pair[0]} %}}{pair[1]}{{% end{pair[0].split()[0]} %}}")


pieces = st.recursive(
    st.one_of(
        shown, assigned, st.text(max_size=20),
        st.sampled_from([f"{{%- {tag} title %}}" for tag in [*TEMPLATE_TAGS, "liquid", "doc", "capture"]]),
    ),
    lambda inner: st.one_of(within(inner), st.lists(inner, max_size=4).map("".join)), max_leaves=12,
)  # fmt: skip
NO_DATABASE = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))


def fill_in(source):
    texts = []
    assert effort(lambda: texts.append(filled_in(source))) < MOST
    assert len(texts[0]) <= MAX_OUTPUT_LENGTH


def filled_in(source):
    try:
        return compiled(source).fill_in(LARGE)
    except NotWorded as error:
        return str(error) or pytest.fail("no reason")


@NO_DATABASE
@given(st.text(alphabet=st.sampled_from("{}%|:.,' \"\n()[]_-=<>!0123456789abforifndwthet")))
def test_any_text(source):
    fill_in(source)


@NO_DATABASE
@given(pieces)
def test_any_template(source):
    fill_in(source)


@NO_DATABASE
@given(pieces, st.integers(1, 400))
def test_any_template_many_times(source, times):
    fill_in((source * times)[:MAX_TEMPLATE_LENGTH])


@pytest.mark.parametrize("source", HUNGRY_TEMPLATES)
def test_what_would_be_hungry_is_stopped(source):
    fill_in(source[:MAX_TEMPLATE_LENGTH])


def test_a_long_digest_is_not_too_much():
    row = "{% if each.severity == 'high' %}! {% endif %}{{ each.rule_name | upcase }}: {{ each.value | round: 1 }}\n"
    source = f"{{% for each in items %}}{row}{{% endfor %}}"
    assert compiled(source).fill_in(LARGE).count("CPU IS HIGH: 95.5") == 200


@pytest.mark.parametrize("tag", ["include", "render", "extends", "load", "if", "for a in", "assign a ="])
def test_no_template_opens_a_connection_or_a_file(monkeypatch, tag):
    reached = []

    def refuse(*_, **__):
        reached.append(tag)
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(type(connections["default"]), "ensure_connection", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    for name in [*VARIABLES, "request", "settings", "'admin/base.html'"]:
        with suppress(NotWorded):
            check(f"{{% {tag} {name} %}}{{{{ {name} }}}}")
    assert reached == []
