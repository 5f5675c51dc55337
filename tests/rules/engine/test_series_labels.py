"""The key of a series says its labels, and only those."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.series_labels import LABEL_NAME, checked_labels, labels_of, series_key

LABELS = st.dictionaries(st.from_regex(LABEL_NAME, fullmatch=True), st.text(min_size=1), max_size=5)


@given(LABELS)
def test_a_key_is_read_as_its_labels(labels):
    assert labels_of(series_key(labels)) == labels


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        ({}, ""),
        ({"host": ""}, ""),
        ({"target": "gmail"}, "gmail"),
        ({"target": '{a="b"}'}, r'{target="{a=\"b\"}"}'),
        ({"mode": "idle", "cpu": "0"}, '{cpu="0",mode="idle"}'),
        ({"path": 'a"b\\c\n'}, r'{path="a\"b\\c\n"}'),
    ],
)
def test_keys(labels, key):
    assert series_key(labels) == key


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["host"], "Enter labels as an object"),
        ({"1host": "a"}, "“1host” is not a label name"),
        ({"__name__": "cpu"}, "the name of the metric"),
        ({"host": 1}, "must be text"),
        ({"host": "\ud800"}, "cannot be stored"),
        ({f"l{n}": "x" for n in range(21)}, "at most 20 labels; this one has 21"),
        ({"host": "x" * 2048}, "longer than 2,048 bytes"),
    ],
)
def test_labels_that_are_refused(labels, words):
    with pytest.raises(ValueError, match=words):
        checked_labels(labels)
