"""Whose records a request has loaded, for the log of reads.

Models of records that are about a person derive from `PersonalRecord`, so a page cannot forget to say what it has read.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self

from django.db import models

RECORDS_READ = "records_read"  # the event of an entry in the log of reads
MAX_REMEMBERED = 20_000  # records that are counted once only, however often they are loaded


class Reads:
    """How many records of each kind and each person were loaded."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._known: set[tuple[str, Any]] = set()

    def note(self, kind: str, key: Any, person: Any) -> None:
        """A record was loaded, perhaps once more."""
        if not person or (kind, key) in self._known:
            return
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known.add((kind, key))
        self._counts[kind, str(person)] += 1

    def add(self, kind: str, people: Mapping[str, int]) -> None:
        """So many records of each of `people` were loaded."""
        for person, count in people.items():
            self._counts[kind, person] += count

    def of_others(self, viewer: Any) -> tuple[Counter[str], Counter[str]]:
        """The numbers of records that are not about `viewer`: by kind, and by the id of the person."""
        kinds: Counter[str] = Counter()
        people: Counter[str] = Counter()
        for (kind, person), count in self._counts.items():
            if person != str(viewer):
                kinds[kind] += count
                people[person] += count
        return kinds, people


_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


@contextmanager
def collecting(reads: Reads) -> Iterator[None]:
    """Note in `reads` what is loaded in the block."""
    token = _reads.set(reads)
    try:
        yield
    finally:
        _reads.reset(token)


def current_reads() -> Reads | None:
    """What the request has read so far; None where nobody asks for it."""
    return _reads.get()


class PersonalRecord(models.Model):
    """A record about one person, which is noted when it is loaded."""

    read_kind: ClassVar[str] = ""  # where it is not the plural of the model

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **options: Any) -> Self:
        record = super().from_db(*args, **options)
        if reads := _reads.get():
            reads.note(cls.read_kind or str(cls._meta.verbose_name_plural), record.pk, record.read_person())
        return record

    def read_person(self) -> Any:
        """The id of whom the record is about, as far as it was loaded; None where it is about nobody."""
        return self.__dict__.get("user_id")
