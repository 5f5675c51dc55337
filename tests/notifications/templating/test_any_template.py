"""Whatever a template says: it ends soon, stays small, touches nothing, and fails by one error only."""

import socket
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.templating import NotWorded, check
from notifications.templating.context import EXAMPLE_CONTEXTS, VARIABLES
from notifications.templating.filters import FILTERS
from notifications.templating.limits import LONGEST_OUTPUT, MAX_TEMPLATE_LENGTH
from notifications.templating.sandbox import compiled
from notifications.templating.tags import TAGS

LARGE = EXAMPLE_CONTEXTS[1] | {
    "text": "lorem ipsum " * 660, "title": "ß" * 8000, "labels": {f"label{n}": "x" * 8000 for n in range(50)},
    "items": [EXAMPLE_CONTEXTS[0]] * 200, "value": 10**300, "time": datetime(2026, 3, 2, tzinfo=UTC),
}  # fmt: skip
SECONDS = 3.0  # on a machine that does other things too

names = st.sampled_from(
    [*VARIABLES, "labels.team", "items.0.title", "a", "forloop.counter", "a.title", "title.__class__"]
)
numbers = st.one_of(st.integers(-(10**6), 10**6).map(str), st.floats().map(repr))
arguments = st.one_of(names, numbers, st.sampled_from(["'x'", "'H:i'", "'ij'", "':9'", "'" + "r" * 300 + "'"]))
filters = st.tuples(st.sampled_from([*FILTERS, "center", "safe"]), st.one_of(st.just(""), arguments.map(":{}".format)))
chains = st.lists(filters.map("|{0[0]}{0[1]}".format), max_size=8).map("".join)
values = st.tuples(st.one_of(names, numbers), chains).map("".join)
shown = values.map("{{{{ {} }}}}".format)
opened = st.one_of(
    st.tuples(st.just("if"), st.lists(values, min_size=1, max_size=3).map(" and ".join)).map(" ".join),
    values.map("for a in {}".format), st.just("for a, b in labels.items"), values.map("with a={}".format),
    st.just("spaceless"), st.just("comment"),
)  # fmt: skip


def within(inner):
    return st.tuples(opened, inner).map(lambda pair: f"{{% {pair[0]} %}}{pair[1]}{{% end{pair[0].split()[0]} %}}")


pieces = st.recursive(
    st.one_of(shown, st.text(max_size=20), st.sampled_from([f"{{% {tag} title text %}}" for tag in [*TAGS, "load"]])),
    lambda inner: st.one_of(within(inner), st.lists(inner, max_size=4).map("".join)), max_leaves=12,
)  # fmt: skip
NO_DATABASE = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def fill_in(source):
    started = time.perf_counter()
    try:
        text = compiled(source).fill_in(LARGE)
    except NotWorded as error:
        text = str(error)
        assert text
    assert time.perf_counter() - started < SECONDS
    assert len(text) <= LONGEST_OUTPUT


@NO_DATABASE
@given(st.text(alphabet=st.sampled_from("{}%|:.,' \"\n()_-=<>!0123456789abforifndwthet")))
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


HUNGRY = [
    "{% for a in items %}{% for b in items %}{% endfor %}{% endfor %}" * 60,
    "{% for a in items %}{% for b in items %}{% if text|wordwrap:1|title|upper %}{% endif %}{% endfor %}{% endfor %}",
    "{% for a in items %}{% for b in items %}" + "x" * 3900 + "{% endfor %}{% endfor %}",
    "{% for a in items %}{{ text }}{% endfor %}",
    "{{ text" + "|upper|lower" * 300 + " }}",
    "{% with a=text|add:text %}{% with a=a|add:a %}{% with a=a|add:a %}{{ a }}{% endwith %}{% endwith %}{% endwith %}",
    "{% with a=9 %}" + "{% with a=a|add:a %}" * 100 + "{{ a }}" + "{% endwith %}" * 101,
    "{% if " + "not " * 900 + "1 %}{% endif %}", "{% spaceless %}" * 120 + "{{ text }}" + "{% endspaceless %}" * 120,
    "{% if 1 %}" * 200 + "{% endif %}" * 200, "{{ value|floatformat:99999999 }}", "{{ '1e999999'|floatformat:2 }}",
    "{{ labels.items|join:text }}", "{{ text|date:text }}", "{{ time|date:text }}", "{{ text|slice:'::-1'|urlencode }}",
    "{{ title|upper|upper|urlencode|urlencode|urlencode }}", "{{ value|add:value|add:value }}", "{{ value|urlencode }}",
]  # fmt: skip


@pytest.mark.parametrize("source", HUNGRY)
def test_what_would_be_hungry_is_stopped(source):
    fill_in(source[:MAX_TEMPLATE_LENGTH])


@pytest.mark.parametrize("tag", ["include", "extends", "load", "ssi", "if", "for a in", "with a="])
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
