"""What an entry says in its context, as SQL: for filters, facets and the indexes that serve them.

Other programs may have written anything there. Each fact is cut to a length that fits an index.
"""

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast, Coalesce, Concat, Left, NullIf

UUID_LENGTH, MAX_FACT, MAX_TEXT = 36, 100, 20_000
BETWEEN_WORDS = r"[!-/:-@\[-`{-~\s]+"  # ASCII punctuation and white space
NEW_WORD = "([a-z0-9])([A-Z])"  # ReadTimeout is found as timeout, too


def _fact(*names: str, length: int = MAX_FACT) -> Left:
    """The first of the facts that is there, as text."""
    found = [NullIf(KT(f"context__{name}"), Value("")) for name in names]
    return Left(Coalesce(*found) if len(found) > 1 else found[0], length)


# Whom an entry is about: whose reading it was; where it names nobody, its owner.
SUBJECT = Left(Coalesce(NullIf(KT("context__person"), Value("")), Cast("user", TextField())), UUID_LENGTH)
ACTOR = _fact("by", length=UUID_LENGTH)  # who did it: the id of a person
SEVERITY = _fact("severity")
METRIC = _fact("metric", "metric_type")  # and the old application's name
TARGET = _fact("target", "target_integration")
EPISODE = _fact("episode")
LABELS = KeyTransform("labels", "context")  # of the series
# The texts that an entry brings along. Most have none; the name of the rule only counts where the rule is gone.
TEXT = Concat(
    F("error_message"), Value(" "), KT("context__comment"), Value(" "), KT("context__note"), Value(" "),
    KT("context__message"), Value(" "), KT("context__description"), Value(" "),
    KT("context__made_by"), Value(" "), KT("context__assignee"), Value(" "),
    Case(When(rule=None, then=KT("context__rule_name")), default=Value(""), output_field=TextField()),
    output_field=TextField(),
)  # fmt: skip


class Replaced(Func):
    """A text in which a regular expression is replaced everywhere."""

    function = "regexp_replace"
    template = "regexp_replace(%(expressions)s, 'g')"
    output_field = TextField()

    def __init__(self, text: Any, pattern: str, by: str, **extra: Any) -> None:
        super().__init__(text, Value(pattern), Value(by), **extra)


class Words(Func):
    """The words of a text, as they are: no language is assumed."""

    template = "to_tsvector('simple', %(expressions)s)"
    output_field = SearchVectorField()


SPLIT = Replaced(Left(TEXT, MAX_TEXT), NEW_WORD, r"\1 \2")
ENTRY_WORDS = Words(
    Replaced(Concat(Left(TEXT, MAX_TEXT), Value(" "), SPLIT, output_field=TextField()), BETWEEN_WORDS, " ")
)
