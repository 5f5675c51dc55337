"""Templates that want much time or memory, or what is no business of theirs."""

TWICE = "{{% for a in items %}}{{% for b in items %}}{}{{% endfor %}}{{% endfor %}}"
ONCE = "{{% for a in items %}}{}{{% endfor %}}"
HUNGRY_TEMPLATES = [
    TWICE.format("") * 50, TWICE.format("{{ title | upcase | size }}"), TWICE.format("x" * 3900),
    TWICE.format("{{''}}" * 600), ONCE.format("{{''}}" * 600), ONCE.format("{% if 1 %}{% endif %}" * 200),
    ONCE.format("{% if " + "1 == 2 or " * 25 + "0 %}{% endif %}") * 13, ONCE.format("{{ text }}"),
    ONCE.format("{% if a == items[1] %}{% endif %}") * 60, ONCE.format("{% if a.labels == labels %}{% endif %}" * 90),
    ONCE.format("{% for b in a.labels %}{% endfor %}" * 100), ONCE.format("{% assign b = title | upcase %}" * 100),
    ONCE.format("".join(f"{{% assign a{n} = title %}}" for n in range(150))),
    ONCE.format("{{ time | date: '%c%c%c' }}"),
    ONCE.format("{{ 1 | abs }}" * 10) * 20, "{{ text" + " | upcase | downcase" * 190 + " }}",
    "{% assign a = text | append: text %}" + "{% assign a = a | append: a %}" * 20 + "{{ a }}",
    "{% assign a = 9 %}" + "{% assign a = a | times: a %}" * 100 + "{{ a }}", "{{ title | replace: '', text }}",
    "{{ text | replace: ' ', text | replace: ' ', text }}", "{{ title | replace: 'ß', text }}",
    "{{ items | map: 'text' | join: text }}", "{{ items | map: 'text' | join }}", "{{ labels | join: text }}",
    "{{ title | url_encode | url_encode | url_encode }}", "{{ time | date: text }}", "{{ time | date: '%999999999Y' }}",
    "{% for a in (1..1000000000) %}{% endfor %}", "{{ (1..1000000000) }}",
    "{{ title | truncate: 99999999999999999999 }}",
    "{{ value | round: 99999999 }}", "{{ '1e999999999' | times: '1e999999999' | minus: 1 }}", "{{ '1e400' | round }}",
    "{{ value | times: value | times: value }}", "{{ " + "9" * 3900 + " | times: 9 }}", "{{ 1e400 }}",
    "{% if title %}" * 200 + "{% endif %}" * 200, "{% if title " + "and title " * 390 + "%}{% endif %}",
    "{% for a in items %}" * 90 + "{% endfor %}" * 90, "{{ " + "labels[" * 400 + "title" + "]" * 400 + " }}",
    "{{ " + "(" * 1900 + "1" + "..2)" * 400, "{{ " + "(" * 3990 + " }}", "{{ a" + '["' * 1900 + " }}",
    "{% comment %}" + "{{" * 1980, "{% comment %}" + ("{{" + " " * 98 + "}}") * 38 + "{% endcomment %}",
    "{{" + " " * 3990 + "}}", "{% raw" + " " * 3000 + "%}", "{%raw%}" * 500, "{{ a" + "." * 3000 + " }}",
]  # fmt: skip

REACHING_TEMPLATES = [
    "{{ title.__class__.__mro__ }}", "{{ labels['__class__'] }}", "{{ items[0].__init__.__globals__ }}",
    "{{ [title] }}",
    "{% include 'admin/base.html' %}", "{% render 'x' %}", "{% extends 'x' %}", "{% layout 'x' %}", "{% block x %}",
    "{% liquid\n assign x = title\n echo x %}", "{% capture a %}{{ title }}{% endcapture %}", "{% increment a %}",
    "{{ 'now' | date: '%s' }}", "{{ title | map: '__class__' }}", "{{ items | where: '__class__', '' }}",
    "{{ settings }}",
    "{{ forloop.parentloop }}", "{% for a in forloop %}{% endfor %}", "{{ title | t }}", "{{ time.tzinfo }}",
    "{% for a in items %}{{ forloop }}{% for b in forloop %}{% endfor %}{% endfor %}", "{{ items | size: context }}",
    "{{ title | upcase: context: title }}", "{{ title | default: 'x', allow_false: true }}", "{{ self }}", "{{ | }}",
]  # fmt: skip
BROKEN_TEMPLATES = [
    "{{", "{%", "}}", "%}", "{{}}", "{%%}", "{%-%}", "{{--}}", "{% -%}", "{{ title }", "{% if %}", "{% for %}",
    "{% # %}",
    "{% endraw %}", "{% raw %}", "{% comment %}", "{% endcomment %}", "{% else %}", "{% doc %}",
    "{% doc %}{% enddoc %}",
    "{% if title %}{% else %}{% elsif title %}{% endif %}", "{% assign %}", "{% assign title.a = 1 %}", "{% break %}",
    "{% for a in items offset: continue %}{% endfor %}", "{% for a in items limit: 'x' %}{% endfor %}", "{{ title[ }}",
    "{% for a in items cols: 2 %}{% endfor %}", "{% assign a? = 1 %}", "{{ 'a }}", "{{ \"a' }}",
    "{{ title || upcase }}",
    "{{ title | upcase: }}", "{{ title | : }}", "{{ -9 }}", "{{ 1. }}", "{{ .1 }}", "{{ 1..2 }}", "{{ a..b }}",
    "\x1b[2J",
    "{{ title\u2028| upcase }}", "\u202e{{ title }}", "{{ ＴＩＴＬＥ }}", "{{ title\u00a0}}",
    "{% if title and %}{% endif %}",
    "{% if title = 1 %}{% endif %}", "{% if title => 1 %}{% endif %}", "{% if title > %}{% endif %}", "٣{{ ٣ }}",
    "{{ labels[٣] }}", "{{ title | truncate: ٣ }}", "{{ true }}{{ nil }}", "{% if true > 1 %}{% endif %}",
    "{{ labels[-1] }}",
]  # fmt: skip
