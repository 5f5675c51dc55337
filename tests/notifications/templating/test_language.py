"""What a template can say, and that what is wrong with one is said with its line."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from notifications.templating import NotWorded, check
from notifications.templating.context import VARIABLES
from notifications.templating.environment import compiled
from notifications.templating.filters import FILTERS

FACTS = dict.fromkeys(VARIABLES) | {
    "title": "CPU is high", "text": "cpu is 95: above 90.", "severity": "high", "value": 95.5, "threshold": 90.0,
    "labels": {"team": "db", "site": "<b>"}, "time": datetime(2026, 3, 2, 10, 0, tzinfo=UTC), "count": 3,
}  # fmt: skip


@pytest.mark.parametrize(("source", "message"), [
    ("{{ title | upcase }}: {{ value }} > {{ threshold }}", "CPU IS HIGH: 95.5 > 90"),
    ("{% if value > 90 and severity == 'high' %}hot{% else %}cold{% endif %}", "hot"),
    ("{% if value > 99 %}a{% elsif title contains 'CPU' %}b{% endif %}", "b"),
    ("{% if target %}a{% else %}none{% endif %}{% if metric > 3 %}b{% endif %}", "none"),
    ("{{ labels.team }}{{ labels['site'] }}{{ labels.nothing }}", "db<b>"),
    ("{% for label in labels %}{{ label[0] }}={{ label[1] }} {% endfor %}", "team=db site=<b> "),
    ("{% for each in items %}{{ each.title }}{% else %}none{% endfor %}", "none"),
    ("{% for each in labels limit: 1 %}{{ forloop.index }} of {{ forloop.length }}{% endfor %}", "1 of 1"),
    ("{{ time }} {{ time | date: '%H:%M' }} {{ time|date:\"%-d %b %Y %%\" }}", "2026-03-02 10:00 10:00 2 Mar 2026 %"),
    ("{{ value | round: 1 }} {{ value | round }} {{ threshold | plus: 0.5 }}", "95.5 96 90.5"),
    ("{{ count | divided_by: 2 }} {{ threshold | times: 2 }} {{ 7 | modulo: 4 }}", "1.5 180 3"),
    ("{{ metric | round: 1 }}{{ title | plus: 1 }}{{ value | plus: metric }} {{ '1.5' | plus: 1 }}", "95.5 2.5"),
    ("{% assign short = title | truncate: 6 %}{{ short }}", "CPU..."),
    ("{{ target | default: title }}", "CPU is high"),
    ("{% raw %}{{ x }}{% endraw %} x", "{{ x }} x"),
    ("{% comment %}{{ nor }}{% endcomment %}said", "said"),
    ("{{ value | append: '%' }} {{ threshold | append: '%' }} {{ title | append: '!' }}", "95.5% 90% CPU is high!"),
    ("{{ title | replace: 'CPU', 'Disk' | slice: 0, 4 }} {{ title | url_encode }}", "Disk CPU+is+high"),
    ("{{ title | size }} {{ labels | size }} {{ target | size }}", "11 2 0"),
    ("a {%- if title %} b {%- endif %}\n", "a b\n"),
    ("<i>{{ title }}</i> & more", "<i>CPU is high</i> & more"),
])  # fmt: skip
def test_what_it_says(source, message):
    assert compiled(source).fill_in(FACTS) == message


def test_what_it_says_of_many():
    facts = FACTS | {"items": [{"title": "a", "severity": "low"}, {"title": "b", "severity": "high"}]}
    source = "{{ items | map: 'title' | join: ', ' }}; {{ items | where: 'severity', 'low' | map: 'title' | first }}"
    assert compiled(source).fill_in(facts) == "a, b; a"


@pytest.mark.parametrize(("source", "why"), [
    ("{{ titel }}", "Line 1: unknown variable “titel”. Available: title, text, severity"),
    ("a\nb\n{{ titel }}", "Line 3: unknown variable “titel”"),
    ("{{ a }}{% assign a = title %}", "Line 1: unknown variable “a”"),
    ("{% if title %}", "Line 1: {% if %} is not closed: {% endif %} is missing."),
    ("{% if title %}\n{% for a in items %}", "Line 2: {% for %} is not closed: {% endfor %} is missing."),
    ("\n{% endif %}", "Line 2: {% endif %} closes nothing."),
    ("{% if title %}\n{% endfor %}", "Line 2: {% endfor %} closes nothing."),
    ("text\n{{ title", "Line 2: “{{” is not closed by “}}”."),
    ("text\n{{ title {{ text }}", "Line 2: “{{” is not closed by “}}”."),
    ("{% comment %}{{ x", "Line 1: “{{” is not closed by “}}”."),
    ("\n{% if count > 9 %}{{ title | nothing }}{% endif %}", "Line 2: Unknown filter “nothing”. Available: abs,"),
    ("{{ title.upcase }}", "Line 1: “title” has no parts"),
    ("{{ title.__class__ }}", "Line 1: “title” has no parts"),
    ("{% if title == blank %}{% endif %}", "Line 1: Ranges, “empty” and “blank” cannot be used"),
    ("{% for a in (1..9) %}{% endfor %}", "Line 1: Ranges, “empty” and “blank” cannot be used"),
    ("{% if title contains text %}{% endif %}", "Line 1: “contains” needs a text in quotes."),
    ("{{ items }}", "Use {% for %} to show a list."),
    ("{{ title | append: labels }}", "Use {% for %} to show a list."),
    ("{% for message in title %}{% endfor %}", "“for” needs a list"),
    ("{{ title | upcase: 1 }}", "“upcase” does not take these values."),
    ("{{ title | truncate: 'x' }}", "“truncate” does not take these values."),
    ("{{ title | truncate: num: 3 }}", "Line 1: “truncate” has no named arguments."),
    ("{{ value | divided_by: 0 }}", "The template fails: Float division by zero."),
    ("{{ time | date: '%99999Y' }}", "The format of “date” has at most 50 characters"),
    ("{{ time | date: 'H:i' }}", "parts such as %H:%M"),
    ("{{ title }}\ud800", "broken character"),
    ("{{ title" + " " * 200 + "}}", "too many blanks in a row"),
    ("x" * 4001, "The template has 4,001 characters; at most 4,000 are allowed."),
])  # fmt: skip
def test_what_is_wrong_is_said(source, why):
    with pytest.raises(NotWorded) as caught:
        check(source)
    assert why in str(caught.value)


UNKNOWN_TAGS = [
    "include 'admin/base.html'", "render 'x'", "extends 'x'", "block x", "layout 'x'", "liquid", "capture x",
    "increment x", "decrement x", "tablerow a in items", "cycle 'a', 'b'", "ifchanged", "echo title", "doc", "load x",
    "case title", "unless title", "macro x", "call x", "with a: 1", "translate", "url 'admin:index'", "now 'Y'",
]  # fmt: skip


@pytest.mark.parametrize("tag", UNKNOWN_TAGS)
def test_no_tag_reaches_out_or_grows(tag):
    with pytest.raises(NotWorded, match=f"Unknown tag “{tag.split()[0]}”"):
        check(f"{{% {tag} %}}")


@pytest.mark.parametrize("name", [
    "split: ''", "concat: items", "newline_to_br", "escape", "escapejs", "safe", "json", "base64_encode", "uniq",
    "strip_html", "sort_natural", "sum", "compact", "t", "currency", "datetime", "script_tag", "center: 9", "upper",
])  # fmt: skip
def test_no_filter_grows_or_reaches_out(name):
    with pytest.raises(NotWorded, match="Unknown filter"):
        check(f"{{{{ title | {name} }}}}")


def test_every_filter_takes_whatever_it_gets():
    for name in FILTERS:
        for given in ("", ": 1", ": 'x'", ": time", ": target", ": labels", ": 1, 'x'", ": 1, 2, 3", ": key: 1"):
            for value in ("title", "value", "labels", "time", "target", "items", "true", "nil", "-1", "1.5"):
                with suppress(NotWorded):
                    assert isinstance(compiled(f"{{{{ {value} | {name}{given} }}}}").fill_in(FACTS), str)


@pytest.mark.parametrize("reached", [
    "request", "settings", "user", "forloop", "block", "csrf_token", "perms", "self", "context", "labels.keys.x",
    "time.year", "time.now", "text.encode", "text[0]", "now", "today", "labels.__class__", "items[0].__class__",
    "labels['__class__']", "[title]", "labels[labels][0]", "items.first.__init__", "labels.first[0].upper",
])  # fmt: skip
def test_nothing_but_values_is_reached(reached):
    try:
        check(f"{{{{ {reached} }}}}")
    except NotWorded:
        return
    assert compiled(f"{{{{ {reached} }}}}").fill_in(FACTS) == ""
