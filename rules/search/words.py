"""Words in the texts of an entry: its error, comment or message."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, Func, Q

from rules.models.activity_facts import BETWEEN_WORDS, ENTRY_WORDS


class Matches(Func):
    """Whether a vector of words matches a query."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()
    conditional = True


def in_text(text: str) -> Q:
    """Entries with all words of `text`, or with words that begin so; none where `text` has no word."""
    words = split(text)
    if not words:
        return Q(pk__in=[])
    query = " & ".join(f"'{word}':*" for word in words)  # a word has neither quotes nor backslashes
    return Q(Matches(ENTRY_WORDS, SearchQuery(query, search_type="raw", config="simple")))


def split(text: str) -> list[str]:
    """The words of `text`, cut where those of an entry are cut."""
    return re.sub(BETWEEN_WORDS, " ", text).replace("\0", "").split()
