"""The labels that a rule groups by, and those of its matchers."""

import pytest

from rules.authoring.series import group_by_problem, matchers_problem


@pytest.mark.parametrize(("labels", "problem"), [
    (["host", "disk"], ""), (["__name__"], "name of the metric"), (["x" * 2049], "not a label name"),
    (["a", "a"], "named once"), (["\0"], "not a label name"), ("host", "list of texts"), ([None], "list of texts"),
])  # fmt: skip
def test_labels_to_group_by(labels, problem):
    said = group_by_problem(labels, {"series_mode": "by"})
    assert problem in said
    assert bool(said) == bool(problem)


def test_the_label_of_a_matcher_is_no_longer_than_labels_can_be():
    assert "is longer than" in matchers_problem(["x" * 2049 + '="a"'], {"series_mode": "each"})
