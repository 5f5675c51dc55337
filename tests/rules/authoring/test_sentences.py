"""A sentence says the whole rule."""

from datetime import timedelta

import pytest

from rules.text.rule import rule_in_words
from tests.rules.text.test_words import a_rule

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AGAIN = "again every 4h while it lasts."
MORE = {"metric": "cpu", "target": "web", "reducer": "max", "window": 3600, "operator": ">", "threshold": 90}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reducer": "avg", "evaluation_window": HOUR}, "the average of the fusion score of Alice over 1 hour is"),
        ({"reducer": "count", "evaluation_window": DAY}, "readings of the fusion score of Alice within 1 day is"),
        ({"reducer": "percent_change", "evaluation_window": DAY, "threshold_value": -20},
         "When the fusion score of Alice fell by more than 20 % within 1 day, alert Alice"),
        ({"reducer": "change", "evaluation_window": HOUR, "condition_operator": ">=", "threshold_value": 5},
         "When the fusion score of Alice rose by at least 5 within 1 hour,"),
        ({"reducer": "change", "evaluation_window": HOUR, "threshold_value": 5},
         "When the change of the fusion score of Alice within 1 hour is below 5,"),
        ({"pending_for": 15 * MINUTE}, "is below 70 for 3 checks (15 minutes), alert Alice"),
        ({"pending_for": 7 * MINUTE}, "is below 70 for 7 minutes, alert Alice"),
        ({"critical_threshold": 50}, f"severity high, or critical when below 50; {AGAIN}"),
        ({"recovery_threshold": 75}, f"{AGAIN} Resolves once the reading is at least 75."),
        ({"recovery_threshold": 75, "keep_firing_for": 10 * MINUTE}, "is at least 75 for 2 checks (10 minutes)."),
        ({"keep_firing_for": 5 * MINUTE}, "Resolves once clear for 1 check (5 minutes)."),
        ({"condition_operator": ">=", "recovery_threshold": 60}, "Resolves once the reading is below 60."),
        ({"more_conditions": [MORE]},
         "is below 70 and the highest of the cpu of Alice on web within 1 hour is above 90, alert"),
        ({"more_conditions": [MORE | {"reducer": "last", "window": 0}], "match": "any"},
         "is below 70 or the cpu of Alice on web is above 90, alert"),
        ({"more_conditions": [MORE], "applies_to": "everyone"}, "the cpu of the same person on web"),
        ({"more_conditions": ["what?"]}, "and an unreadable condition is met, alert"),
        ({"no_data_policy": "fire"}, "Also fires on no data."),
        ({"error_policy": "fire"}, "Also fires on error."),
        ({"no_data_policy": "fire", "error_policy": "fire"}, "Also fires on no data or error."),
        ({"no_data_policy": "resolve", "error_policy": "resolve"},
         "Resolves on no data. Resolves on error."),
        ({"repeat_every": timedelta(0)}, "again at every evaluation while it lasts."),
    ],
)  # fmt: skip
def test_each_part_is_said(fields, message):
    assert message in rule_in_words(a_rule(**fields))


def test_all_parts_together():
    rule = a_rule(pending_for=15 * MINUTE, critical_threshold=50, recovery_threshold=75, no_data_policy="fire")
    assert rule_in_words(rule) == (
        "When the fusion score of Alice is below 70 for 3 checks (15 minutes), alert Alice, severity high, or critical "
        f"when below 50; {AGAIN} Resolves once the reading is at least 75. Also fires on no data."
    )
