"""What a search can name: people, rules, metrics, integrations and events, of those that the asker may see."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from rules import registries
from rules.models import ActivityEntry, AutomationRule, Integration
from rules.text.event_names import event_choices
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import people_visible_to
from smartagent.rest.filter_fields import people_named

TRIGGERED = ("rule_fired", "rule_repeated")
MAX_NAMES = 1000  # to choose from
Named = Iterable[tuple[str, str]]  # a value, and what to say of it


def keys_of_people(asker: Any, text: str, *, whole: bool = False) -> list[UUID]:
    """The people whom `text` names, by part of name or e-mail or by id; where it is `whole` and somebody's full name or
    e-mail, only those."""
    named = people_named(asker, text).order_by()
    exact = named.filter(Q(full_name__iexact=text) | Q(email__iexact=text)) if whole else named.none()
    return list(exact.values_list("pk", flat=True)) or list(named.values_list("pk", flat=True))


def keys_of_rules(asker: Any, text: str, *, whole: bool = False) -> list[UUID]:
    """The rules that `text` names, by part of name or by id; where it is `whole` and the name of one, only those."""
    rule = as_uuid(text)
    named = _seen(AutomationRule, asker).order_by()
    named = named.filter(Q(pk=rule) if rule else Q(rule_name__icontains=text))
    exact = named.filter(rule_name__iexact=text) if whole else named.none()
    return list(exact.values_list("pk", flat=True)) or list(named.values_list("pk", flat=True))


def people(asker: Any) -> Named:
    """People to choose from, with their e-mail."""
    seen = people_visible_to(asker) if asker else get_user_model().objects.all()
    return [(one.full_name or one.email, one.email) for one in seen.order_by("full_name", "email")[:MAX_NAMES]]


def rule_names(asker: Any) -> Named:
    """Names of rules to choose from."""
    names = _seen(AutomationRule, asker).order_by("rule_name").values_list("rule_name", flat=True).distinct()
    return [(name, "") for name in names[:MAX_NAMES]]


def metric_names(asker: Any) -> list[tuple[str, str]]:
    """Every metric that a rule compares, with its label."""
    built_in = {source.kind: source.label for source in registries.metrics}
    compared = set(_seen(AutomationRule, asker).order_by().values_list("metric_type", flat=True).distinct())
    return sorted(built_in.items()) + [(name, "") for name in sorted(compared - built_in.keys())]


def target_names(asker: Any) -> list[tuple[str, str]]:
    """Every integration that somebody has."""
    owned = _seen(Integration, asker).order_by().values_list("integration_type", flat=True).distinct()
    return [(name, "") for name in sorted(set(owned))]


def event_names() -> Named:
    """The names of events, and of two together."""
    return [("triggered", "fired or repeated"), *((plain(label), "") for _, label in event_choices())]


def events_named(text: str) -> list[str]:
    """The events of that kind or name: `fired`, `rule_fired`, `resolved manually`, `triggered`; or the one of another
    program."""
    wanted = plain(text)
    if wanted == "triggered":
        return list(TRIGGERED)
    known = [kind for kind, label in event_choices() if wanted in (plain(kind), plain(label))]
    return known or [text for _ in ActivityEntry.objects.filter(event_type=text)[:1]]


def plain(text: str) -> str:
    """A name as one word in lower case: `resolved_manually`."""
    return "_".join(text.casefold().replace("-", " ").replace("_", " ").split())


def _seen(model: Any, asker: Any) -> QuerySet[Any]:
    return model.objects.visible_to(asker) if asker else model.objects.all()  # type: ignore[no-any-return]
