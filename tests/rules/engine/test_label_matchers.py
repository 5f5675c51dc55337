"""Matchers agree with an oracle, and are read as they are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.label_matchers import LabelMatcher, parse_matcher, parse_matchers, read_matchers

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "__name__")
# A language of expressions that Python's re and RE2 understand alike.
atoms = st.sampled_from(["a", "b", "-", ".", "[ab]", "[^a]", r"\d", "(a|b)", "(?:ab)"])
patterns = st.lists(st.tuples(atoms, st.sampled_from(["", "*", "+"])).map("".join), max_size=4).map("".join)


@given(st.lists(st.builds(LabelMatcher, names, st.sampled_from(["=", "!="]), texts), max_size=5, unique=True))
def test_what_is_written_is_read(matchers):
    assert [parse_matcher(str(each)) for each in matchers] == matchers
    assert parse_matchers("{" + ",".join(map(str, matchers)) + "}") == matchers
    assert parse_matchers("\n".join(map(str, matchers))) == matchers


@given(patterns, st.text("ab-1x\n", max_size=6))
def test_regular_expressions_match_the_whole_value(pattern, value):
    expected = re.fullmatch(pattern, value, re.DOTALL) is not None
    assert LabelMatcher("host", "=~", pattern).matches({"host": value}) is expected
    assert LabelMatcher("host", "!~", pattern).matches({"host": value}) is not expected


@given(texts, texts)
def test_equality(wanted, value):
    assert LabelMatcher("host", "=", wanted).matches({"host": value}) is (wanted == value)
    assert LabelMatcher("host", "!=", wanted).matches({"host": value}) is (wanted != value)


def test_a_class_of_characters_needs_no_second_backslash():
    assert parse_matcher(r'host=~"web-\d+"').matches({"host": "web-12"})
    assert parse_matcher(r'host=~"web-\\d+"').matches({"host": "web-12"})


def test_a_missing_label_is_an_empty_one():
    assert LabelMatcher("host", "=", "").matches({})
    assert LabelMatcher("host", "!=", "a").matches({})
    assert LabelMatcher("host", "=~", ".*").matches({})
    assert not LabelMatcher("host", "=~", ".+").matches({})


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("host", "is not a matcher"),
        ('="a"', "is not a matcher"),
        ('host=="a"', "is not a matcher"),
        ('host=~"("', "missing )"),
        ('host=~"a{5000}"', "invalid repetition size"),
        (r'host=~"(a)\1"', "invalid escape sequence"),
        ('__name__="up"', "name of the metric"),
        ("host=" + "a" * 1001, "has 1,001 characters; it can have 1,000"),
        ('host="\0"', "cannot be stored"),
        ('a="b" c="d"', "is not a matcher"),
    ],
)
def test_what_is_no_matcher_is_said(text, part):
    with pytest.raises(ValueError, match=re.escape(part)):
        parse_matchers(text)


@pytest.mark.parametrize(
    "stored", [None, {}, "host=a", [1], [None], [["a"]], ['host="a"'] * 2 + [f"a{n}=b" for n in range(25)]]
)
def test_what_another_program_stored_is_refused(stored):
    with pytest.raises(ValueError, match="matchers"):
        read_matchers(stored)
