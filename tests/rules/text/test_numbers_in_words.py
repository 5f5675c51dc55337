"""A reading and its threshold are written the same only where they are the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.text.phrases import limit, number

floats = st.floats(allow_nan=False, allow_infinity=False)
near = st.tuples(floats, st.sampled_from([1, 1 + 1e-15, 1 - 1e-9, 1.00001])).map(
    lambda pair: (pair[0], pair[0] * pair[1])
)


@given(st.one_of(st.tuples(floats, floats), near))
@example((0.0, -0.0))
@example((0.1 + 0.2, 0.3))
@example((5e-324, 0.0))
@example((1e300, 1.0000000000000002e300))
def test_texts_are_the_same_only_where_the_numbers_are(pair):
    value, threshold = pair
    texts = number(value, threshold), limit("<", threshold, value).removeprefix("below ")
    assert (texts[0] == texts[1]) == (value == threshold)


@pytest.mark.parametrize(
    ("value", "threshold", "texts"),
    [
        (99.99996, 100, ("99.99996", "100")), (0.1 + 0.2, 0.3, ("0.30000000000000004", "0.3")),
        (63.123456, 70, ("63.1235", "70")), (1e300, 70, ("1e+300", "70")), (1234567.5, 70, ("1,234,567.5", "70")),
        (2e-5, 70, ("2e-05", "70")), (1e15 + 1, 1e15, ("1000000000000001", "1000000000000000")), (70, 70, ("70", "70")),
    ],
)  # fmt: skip
def test_no_more_digits_than_are_needed(value, threshold, texts):
    assert (number(value, threshold), number(threshold, value)) == texts
