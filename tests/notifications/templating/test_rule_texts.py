"""Title and message of a rule can be templates, of its labels and those of the series."""

import pytest

from notifications.models import Notification
from notifications.templating.environment import compiled
from rules.action_options import config_errors
from rules.evaluation.dispatcher import dispatch
from tests.rules.evaluation.test_dispatcher import rule_of, sample


def test_labels_and_value_are_filled_in(alice, now):
    sample(alice, 1234.5, now)
    options = {
        "title": "{{ labels.team }} is slow", "message": "{{ value | humanize }} {{ labels.nothing }}on {{ metric }}"
    }  # fmt: skip
    rule_of(alice, "cpu", ">", 5, "alert", labels={"team": "db"}, action_config=options)
    dispatch(now, "command")
    found = Notification.objects.get()
    assert found.title == "db is slow"
    assert found.message.splitlines()[0] == "1.234k on cpu"


@pytest.mark.parametrize("text", ["{{ labels.a", "{{ nothing }}", "{{ value | nothing }}"])
def test_an_invalid_template_is_refused(text):
    assert config_errors("alert", {"title": text})["title"]
    assert not config_errors("alert", {"title": "100 % } of {a}"})


@pytest.mark.parametrize(("template", "shown"), [
    ("{{ 0 | humanize }} {{ 1536 | humanize1024 }} {{ 0.0015 | humanize }} {{ -2500000 | humanize }}",
     "0 1.5ki 1.5m -2.5M"),
    ("{{ 93784 | humanize_duration }} {{ 59.5 | humanize_duration }} {{ 0.002 | humanize_duration }}",
     "1d 2h 3m 4s 59.5s 2ms"),
    ("{{ 0.12345 | humanize_percentage }} {{ 1435065584.128 | humanize_timestamp }}",
     "12.35% 2015-06-23 13:19:44.128 +0000 UTC"),
    ('{{ "%.2f%% of %s, %d" | printf: 1.005, "x", 7.9 }} {{ "%s" | printf }} {{ "%.1f" | printf: "a" }}',
     "1.00% of x, 7  a"),
    ("{{ title | humanize }}", ""),
])  # fmt: skip
def test_numbers_look_as_in_prometheus(template, shown):
    assert compiled(template).fill_in({"title": "x"}) == shown
