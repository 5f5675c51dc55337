"""Templates of Prometheus' annotations in the language of messages."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.prometheus.go_templates import Untranslatable, translated


@pytest.mark.parametrize(("theirs", "ours"), [
    ("{{ $labels.instance }} is at {{$value}}%", "{{ labels.instance }} is at {{ value }}%"),
    ("{{ .Labels.a }} {{ .Value | humanizePercentage }}", "{{ labels.a }} {{ value | humanize_percentage }}"),
    ('{{ printf "%.2f" $value }}', '{{ "%.2f" | printf: value }}'),
    ('{{ $value | printf "%.1f" }}', '{{ "%.1f" | printf: value }}'),
    ('{{ printf "%s/%s" $labels.a $labels.b }}', '{{ "%s/%s" | printf: labels.a, labels.b }}'),
    ('{{ index $labels "a" | toUpper }}', "{{ labels.a | upcase }}"),
    ('{{ (index $labels "a") | toUpper }}', "{{ labels.a | upcase }}"),
    ("a {{- $value -}} b", "a{{ value }}b"),
    ("{{/* note */}}x }}", "x }}"),
    ("{{ humanizeTimestamp $value }}", "{{ value | humanize_timestamp }}"),
    ("{{ if $value }}a{{ end }}", None), ("{{ $externalLabels.a }}", None), ("{% raw %}", None), ("{{", None),
    ("{{ $labels }}", None), ("{{ $value | title }}", None),
])  # fmt: skip
def test_what_has_a_counterpart_is_translated(theirs, ours):
    if ours is None:
        with pytest.raises(Untranslatable):
            translated(theirs)
    else:
        assert translated(theirs) == ours


@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "$value", "$labels.a", "|", '"', "`", "(", ")", "printf", "%", " ", "é", "{%", "-"]
        )
    )
)
def test_anything_is_translated_or_named(parts):
    with suppress(Untranslatable):
        assert "$value" not in translated("".join(parts)) or "{{" not in "".join(parts) or "}}" in "".join(parts)
