"""What holds between the fields of a request is checked as it is described."""

import jsonschema
import pytest

from smartagent.rest.constraints import (
    Absent,
    AllOrNone,
    AnyFilled,
    ExactlyOne,
    NotTogether,
    Present,
    Where,
    described,
    errors_of,
)

ONE = ExactlyOne(("until", "length"), "one of them")
BY_VERB = (Where("verb", ("snooze",), ONE), Where("verb", ("read",), Absent(("until", "length"), "left out")))


@pytest.mark.parametrize(
    ("constraints", "given", "fields"),
    [
        ((ONE,), {"until": 1}, set()),
        ((ONE,), {}, {"until"}),
        ((ONE,), {"until": 1, "length": "4h"}, {"until"}),
        (BY_VERB, {"verb": "snooze", "length": "4h"}, set()),
        (BY_VERB, {"verb": "snooze"}, {"until"}),
        (BY_VERB, {"verb": "read"}, set()),
        (BY_VERB, {"verb": "read", "length": "4h"}, {"length"}),
        (BY_VERB, {"verb": "archive", "length": "4h"}, set()),
        ((AnyFilled(("a", "b"), "x"),), {"a": 0}, set()),
        ((AnyFilled(("a", "b"), "x"),), {"b": {"c": 1}}, set()),
        ((AnyFilled(("a", "b"), "x"),), {"b": True}, set()),
        ((AnyFilled(("a", "b"), "x"),), {"a": " "}, {"a"}),
        ((AnyFilled(("a", "b"), "x"),), {"a": [], "b": {}}, {"a"}),
        ((AnyFilled(("a", "b"), "x"),), {"a": False, "b": None}, {"a"}),
        ((NotTogether("a", "b.c", "x"),), {"a": 1, "b": {"c": 1}}, {"a"}),
        ((NotTogether("a", "b.c", "x"),), {"a": 1, "b": {"d": 1}}, set()),
        ((NotTogether("a", "b.c", "x"),), {"b": {"c": 1}}, set()),
        ((AllOrNone(("a", "b"), "x"),), {"a": 1}, {"b"}),
        ((AllOrNone(("a", "b"), "x"),), {"a": 1, "b": 1}, set()),
        ((AllOrNone(("a", "b"), "x"),), {}, set()),
        ((Present("a", "x"),), {"a": None}, set()),
        ((Present("a", "x"),), {}, {"a"}),
        ((), {"a": 1}, set()),
    ],
)
def test_what_is_refused_is_what_the_description_does_not_allow(constraints, given, fields):
    assert set(errors_of(constraints, given)) == fields
    assert jsonschema.Draft202012Validator(described(constraints)).is_valid(given) == (not fields)
