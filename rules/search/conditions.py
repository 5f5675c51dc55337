"""A search as a condition on entries."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Func, Q, QuerySet, Subquery

from rules.models import ActivityEntry
from rules.models.rule import Severity
from rules.search.fields import MATCHES_NOTHING, SEARCH_FIELDS, about, done_by, of_metric, of_severity, of_target
from rules.search.names import keys_of_people, keys_of_rules, metric_names, target_names
from rules.search.query import SearchError, Term
from rules.search.words import in_text
from rules.text.event_names import event_choices
from smartagent.kernel.coerce import as_uuid

EVERY_ENTRY = Q()


def condition_of(terms: Iterable[Term], asker: Any, among: Q = EVERY_ENTRY) -> Q:
    """Entries that match every word and, of each field, one of its values, and nothing excluded.

    Words in texts are looked up `among` some entries only. SearchError where a term is not valid.
    """
    found, of_field = Q(), defaultdict(list)
    for term in terms:
        if term.excluded:
            found &= _not(_one(term, asker, among))
        elif term.field:
            of_field[term.field].append(_one(term, asker, among))
        else:
            found &= of_word(term.value, asker, among)
    for values in of_field.values():
        found &= _any(values)
    return found


def _one(term: Term, asker: Any, among: Q) -> Q:
    if not term.field:
        return of_word(term.value, asker, among)
    if term.field not in SEARCH_FIELDS:
        known = ", ".join(SEARCH_FIELDS)
        raise SearchError(f"Unknown field “{term.field[:40]}”. Fields: {known}. Put a text with a colon in quotes.")
    return SEARCH_FIELDS[term.field].condition(asker, term.value)


def of_word(word: str, asker: Any, among: Q = EVERY_ENTRY) -> Q:
    """Entries in which `word` names a person, rule, metric, integration, event, severity or result, or is in a text."""
    if key := as_uuid(word):
        return Q(pk=key) | Q(rule=key) | Q(user=key) | Q(run=key) | Q(state=key) | about([key]) | done_by([key])
    named = [condition for condition in _named(word.casefold(), word, asker) if condition is not MATCHES_NOTHING]
    return _any([_text_of(word, among), *named]) if named else in_text(word)


def _named(part: str, word: str, asker: Any) -> Iterable[Q]:
    people = keys_of_people(asker, word)
    yield from (about(people), _among("user", people), done_by(people))
    yield _among("rule", keys_of_rules(asker, word))
    metrics = metric_names(asker)
    yield of_metric(name for name, label in metrics if part in name.casefold() or part in label.casefold())
    yield of_target(name for name, _ in target_names(asker) if part in name.casefold())
    yield _among("event_type", [kind for kind, label in event_choices() if part in label.casefold()])
    yield of_severity(part) if part in Severity.values else MATCHES_NOTHING
    yield Q(status=part) if part in ActivityEntry.Status.values else MATCHES_NOTHING


def _among(field: str, values: list[Any]) -> Q:
    return Q(**{f"{field}__in": values}) if values else MATCHES_NOTHING


def _text_of(word: str, among: Q) -> Q:
    """Entries with `word` in a text, looked up apart: beside other conditions each row would be cut into words."""
    found = ActivityEntry.objects.filter(among, in_text(word)).order_by().values("pk")
    return Q(IsOneOf(F("pk"), found))


def _any(conditions: Iterable[Q]) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found


class Keys(Subquery):
    """The keys of a query; where it can find none, there is no condition."""

    empty_result_set_value = NotImplemented


class IsOneOf(Func):
    """Whether a key is among those of a query, which is run once; unlike IN, indexes can serve it beside an OR."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY(ARRAY"
    output_field = BooleanField()
    conditional = True

    def __init__(self, key: F, found: QuerySet[Any]) -> None:
        super().__init__(key, Keys(found))


class Is(ExpressionWrapper):  # type: ignore[type-arg]
    """A condition as a value: false where no row can meet it."""

    empty_result_set_value = False

    def __init__(self, condition: Q) -> None:
        super().__init__(condition, BooleanField())


class IsNotTrue(Func):
    """Whether a condition is false or cannot be said: unlike NOT, it keeps rows without a value."""

    template = "(%(expressions)s) IS NOT TRUE"
    output_field = BooleanField()
    conditional = True


def _not(condition: Q) -> Q:
    """The others, those of which it cannot be said among them."""
    return Q(IsNotTrue(Is(condition)))
