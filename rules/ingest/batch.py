"""A push of samples: all samples of a request are checked together; errors name the sample and the field."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower

from rules.ingest.samples import check_labels, check_metric, check_target, check_time, check_value
from rules.ingest.storage import Row
from rules.ingest.translation import Translations
from smartagent.kernel.scope import has_everyone
from smartagent.models import User

SAMPLE_FIELDS = ("metric", "value", "observed_at", "target", "labels", "user")
KNOWN_SAMPLE_FIELDS = frozenset(SAMPLE_FIELDS)
REPORTED = 20
BATCH_KEYS = Translations()  # of series, by what is said of them
PLATFORM = "platform"  # the name of no person, where only a text can be given


class InvalidSample(Exception):
    """Invalid samples; `errors` by place and field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(InvalidSample.__doc__)
        self.errors = errors


class Push:
    """Checks samples that `caller` pushes at `now`."""

    def __init__(self, caller: User, now: datetime) -> None:
        self.caller, self.caller_id, self.now = caller, caller.pk, now
        self.may_everyone = has_everyone(caller, "change")
        self.people: dict[str, UUID] = {str(caller.pk): caller.pk, caller.email.lower(): caller.pk}
        self.metrics: set[str] = set()
        self.times: dict[str, datetime] = {}  # many samples have one time

    def rows(self, samples: Sequence[Any], place: Callable[[int], str]) -> list[Row]:
        """The rows of `samples`; InvalidSample where one is invalid; `place` names it in the errors."""
        self._find_people(samples)
        rows: list[Row] = []
        errors: dict[str, list[str]] = {}
        wrong = 0
        for index, sample in enumerate(samples):
            try:
                rows.append(self.row(sample))
            except InvalidSample as found:
                wrong += 1
                if wrong <= REPORTED:
                    errors |= {_at(place(index), name): messages for name, messages in found.errors.items()}
        if wrong:
            raise InvalidSample(_summed_up(errors, wrong))
        return rows

    def row(self, sample: Any) -> Row:
        """The row of one sample; InvalidSample with its errors by field."""
        if type(sample) is not dict:
            raise InvalidSample({"": ['A sample must be an object, for example {"metric": "cpu", "value": 70}.']})
        try:
            if not sample.keys() <= KNOWN_SAMPLE_FIELDS:
                raise ValueError("an unknown name")
            return (
                self._owner(sample), self._metric(sample), self._target(sample),
                check_value(sample["value"]), self._time(sample),
            )  # fmt: skip
        except (KeyError, ValueError):
            raise InvalidSample(dict(self._errors(sample))) from None

    def _metric(self, sample: dict[str, Any]) -> str:
        name = sample["metric"]
        if type(name) is str and name in self.metrics:
            return name
        self.metrics.add(check_metric(name))
        return str(name)

    def _target(self, sample: dict[str, Any]) -> str:
        if "labels" not in sample:
            return check_target(sample.get("target"))
        labels, target = sample["labels"], sample.get("target")
        try:
            said = (target, *labels.items())
            known = BATCH_KEYS.get(said)
        except (AttributeError, TypeError):  # it is not an object of texts: refused in words
            return check_labels(labels, target)
        if not isinstance(known, str):
            known = str(BATCH_KEYS.keep(said, check_labels(labels, target), len(str(said))))
        return known

    def _time(self, sample: dict[str, Any]) -> datetime:
        if "observed_at" not in sample:
            return self.now
        said = sample["observed_at"]
        if type(said) is not str or said not in self.times:
            self.times[said] = check_time(said, self.now)
        return self.times[said]

    def _owner(self, sample: dict[str, Any]) -> UUID | None:
        if "user" not in sample:
            return self.caller_id
        person = sample["user"]
        if person is not None and not isinstance(person, str):
            raise ValueError("Enter the ID or e-mail address of a person as text, or null for the platform.")
        found = self.people.get(person.strip().lower()) if person is not None else None
        if found == self.caller_id:
            return found
        if not self.may_everyone:
            raise ValueError("Only operators can push samples of other people or of the platform.")
        if person is not None and found is None:
            raise ValueError(f"No person with the ID or e-mail address “{person[:100]}”.")
        return found

    def _find_people(self, samples: Sequence[Any]) -> None:
        """Load all people that are named, in one query."""
        if not self.may_everyone:
            return
        named = {s["user"].strip().lower() for s in samples if type(s) is dict and isinstance(s.get("user"), str)}
        named -= self.people.keys()
        emails = [name for name in named if "@" in name and name.isprintable()]
        ids = [name for name in named if _is_id(name)]
        if emails:
            people = User.objects.alias(lower=Lower("email")).filter(lower__in=emails)
            self.people |= {email.lower(): pk for email, pk in people.values_list("email", "pk")}
        if ids:
            known = {str(pk): pk for pk in User.objects.filter(pk__in=ids).values_list("pk", flat=True)}
            self.people |= {name: known[str(UUID(name))] for name in ids if str(UUID(name)) in known}

    def owner(self, name: str) -> UUID | None:
        """The person with this ID or e-mail address, None for the platform; ValueError where it cannot be."""
        sample = {"user": None if name.strip().lower() == PLATFORM else name}
        self._find_people([sample])
        return self._owner(sample)

    def _errors(self, sample: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
        for name in sample:
            if name not in SAMPLE_FIELDS:
                yield name[:100], [f"Unknown field. Known fields: {', '.join(SAMPLE_FIELDS)}."]
        checks: dict[str, Callable[[dict[str, Any]], object]] = {
            "metric": self._metric, "value": lambda s: check_value(s["value"]), "observed_at": self._time,
            "target": lambda s: check_target(s.get("target")), "labels": _checked_labels, "user": self._owner,
        }  # fmt: skip
        for name, check in checks.items():
            try:
                check(sample)
            except KeyError:
                yield name, ["Required."]
            except ValueError as error:
                yield name, [str(error)]


def _summed_up(errors: dict[str, list[str]], wrong: int) -> dict[str, list[str]]:
    if wrong == 1:
        return errors
    more = f" First {REPORTED} shown, {wrong - REPORTED:,} more." if wrong > REPORTED else ""
    return {"detail": [f"{wrong:,} samples are invalid; nothing was written.{more}"]} | errors


def _at(place: str, name: str) -> str:
    return ".".join(filter(None, [place, name])) or "detail"


def _checked_labels(sample: dict[str, Any]) -> str:
    target = sample.get("target")  # an invalid one is reported beside its own name
    return check_labels(sample["labels"], target if isinstance(target, str) else None) if "labels" in sample else ""


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
