"""What a template can say, and that what is wrong with one is said with its line."""

from datetime import UTC, datetime

import pytest

from notifications.templating import NotWorded, check
from notifications.templating.sandbox import compiled

FACTS = {
    "title": "CPU is high", "text": "cpu is 95: above 90.", "severity": "high", "value": 95.5, "threshold": 90,
    "labels": {"team": "db", "site": "<b>"}, "time": datetime(2026, 3, 2, 10, 0, tzinfo=UTC), "items": [], "target": "",
}  # fmt: skip


@pytest.mark.parametrize(("source", "said"), [
    ("{{ title|upper }}: {{ value }} > {{ threshold }}", "CPU IS HIGH: 95.5 > 90"),
    ("{% if value > 90 and severity == 'high' %}hot{% else %}cold{% endif %}", "hot"),
    ("{{ labels.team }}{{ labels.nothing }}", "db"),
    ("{% for name, value in labels.items %}{{ name }}={{ value }} {% endfor %}", "team=db site=<b> "),
    ("{% for each in items %}{{ each.title }}{% empty %}none{% endfor %}", "none"),
    ("{{ time }} {{ time|date:'H:i' }}", "2026-03-02 10:00 10:00"),
    ("{{ value|floatformat:2 }} {{ value|floatformat:0 }}", "95.50 96"),
    ("{% with short=title|truncatechars:4 %}{{ short }}{% endwith %}", "CPU…"),
    ("{% firstof target title %}", "CPU is high"),
    ("{% templatetag openvariable %} x", "{{ x"),
    ("{# not said #}{% comment %}{{ nor }}{% endcomment %}said", "said"),
    ("{{ value|add:1 }} {{ title|add:'!' }}", "96 CPU is high!"),
    ("<i>{{ title }}</i> & more", "<i>CPU is high</i> & more"),
])  # fmt: skip
def test_what_it_says(source, said):
    assert compiled(source).fill_in(FACTS) == said


@pytest.mark.parametrize(("source", "why"), [
    ("{{ titel }}", "Line 1: unknown variable “titel”. Available: title, text, severity"),
    ("a\nb\n{{ titel }}", "Line 3: unknown variable “titel”"),
    ("{% if title %}", "Line 1: {% if %} is not closed: {% endif %} is missing."),
    ("\n{% endif %}", "Line 2: {% endif %} closes nothing."),
    ("{% if title %}\n{% endfor %}", "Line 2: {% endfor %} closes nothing; expected is {% endif %}."),
    ("text\n{{ title", "Line 2: “{{” is not closed on its line."),
    ("{{ title|nothing }}", "Line 1: Unknown filter “nothing”."),
    ("{{ title.upper }}", "Line 1: “title” has no parts"),
    ("{{ title.__class__ }}", "Line 1: Variables and attributes may not begin with underscores"),
    ("{{ items }}", "to show a list"),
    ("{% for message in title %}{% endfor %}", "“for” needs a list"),
    ("{{ value|divisibleby:0 }}", "The template fails: integer modulo by zero."),
    ("x" * 4001, "The template has 4,001 characters; at most 4,000 are allowed."),
])  # fmt: skip
def test_what_is_wrong_is_said(source, why):
    with pytest.raises(NotWorded) as caught:
        check(source)
    assert why in str(caught.value)


TAGS = [
    "load static", "include 'admin/base.html'", "extends 'admin/base.html'", "block x", "url 'admin:index'", "now 'Y'",
    "debug", "csrf_token", "cycle 'a' 'b'", "ifchanged", "lorem 99", "regroup items by title as x", "verbatim",
    "widthratio 1 2 3", "querystring", "autoescape off", "static 'x'", "resetcycle", "partial x",
]  # fmt: skip


@pytest.mark.parametrize("tag", TAGS)
def test_no_tag_reaches_out(tag):
    with pytest.raises(NotWorded, match=f"Unknown tag “{tag.split()[0]}”"):
        check(f"{{% {tag} %}}")


@pytest.mark.parametrize("name", [
    "center:9", "ljust:9", "rjust:9", "stringformat:'99999s'", "linenumbers", "make_list", "pprint", "random", "safe",
    "safeseq", "force_escape", "json_script:'x'", "timesince", "timeuntil", "striptags", "unordered_list", "urlize",
    "dictsort:'title'", "filesizeformat", "linebreaks", "removetags",
])  # fmt: skip
def test_no_filter_grows_or_reaches_out(name):
    with pytest.raises(NotWorded, match="Unknown filter"):
        check(f"{{{{ title|{name} }}}}")


@pytest.mark.parametrize("reached", [
    "request", "settings", "user", "forloop", "block", "csrf_token", "perms", "self", "context", "labels.keys.x",
    "time.year", "time.now", "text.encode", "text.0",
])  # fmt: skip
def test_nothing_but_values_is_reached(reached):
    try:
        check(f"{{{{ {reached} }}}}")
    except NotWorded:
        return
    assert compiled(f"{{{{ {reached} }}}}").fill_in(FACTS) == ""
