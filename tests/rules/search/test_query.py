"""The text of a search."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.search.query import MAX_TERMS, SearchError, Term, parse, written

WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(str.strip)
TERMS = st.builds(Term, WORDS, st.sampled_from(["", "rule", "person"]), st.booleans())


@given(st.lists(TERMS, max_size=MAX_TERMS, unique=True))
def test_a_search_that_was_written_is_read_as_the_same_terms(terms: list[Term]) -> None:
    assert parse(written(terms)) == terms


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(SearchError):
        assert all(term.value.strip() for term in parse(text))


def test_words_fields_quotes_and_exclusions() -> None:
    assert parse('ines -timeout rule:"Fusion score is low" -event:resolved https://x.test/a "due \\" date"') == [
        Term("ines"), Term("timeout", excluded=True), Term("Fusion score is low", "rule"),
        Term("resolved", "event", excluded=True), Term("https://x.test/a"), Term('due " date'),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["person:", 'rule:"Fusion', "-", 'a"b" "', '""'])
def test_what_has_no_value_or_an_open_quote_is_refused(text: str) -> None:
    with pytest.raises(SearchError):
        parse(text)
