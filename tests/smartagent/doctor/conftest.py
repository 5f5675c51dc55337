"""An installation of one's own, in a schema of its own, so that a test may break it."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from smartagent.doctor import installation
from smartagent.doctor.examination import examine
from smartagent.doctor.findings import DoctorReport
from smartagent.kernel import schema_drift, schema_drift_log
from smartagent.models import User
from tests.conftest import PASSWORD, person
from tests.databases import copy_of
from tests.smartagent.adoption.conftest import legacy, run, takeover

__all__ = ["legacy", "takeover"]

Sql = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    """What this process knows of another test's database."""
    schema_drift.forget()
    schema_drift_log._noted.clear()
    yield
    schema_drift.forget()
    schema_drift_log._noted.clear()


@pytest.fixture(autouse=True)
def _tests_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django lets the name of its test server in."""
    monkeypatch.setattr(installation, "HERE", installation.HERE | {"testserver"})


@contextmanager
def to_be_broken(name: str, fill: Callable[[], None]) -> Iterator[Sql]:
    """A copy of what `fill` makes in the schema of the old application; and how to break it."""

    def filled() -> None:
        run("CREATE SCHEMA auth; CREATE SCHEMA legacy; SET search_path TO legacy")
        fill()

    with copy_of(name, filled):
        run("SET search_path TO legacy")
        yield run


@pytest.fixture
def sql(transactional_db: None) -> Iterator[Sql]:
    """An installation that fits, without an old application beside it."""
    with to_be_broken("installed", partial(call_command, "migrate", verbosity=0)) as sql:
        yield sql


@pytest.fixture
def alice(sql: Sql) -> User:
    return person("Alice", "members")


@pytest.fixture
def olga(sql: Sql) -> User:
    return person("Olga", "operators")


@pytest.fixture
def audra(sql: Sql) -> User:
    return person("Audra", "auditors")


@pytest.fixture
def ada(sql: Sql) -> User:
    return User.objects.create_superuser("ada@example.com", PASSWORD, full_name="Ada")


def looked() -> DoctorReport:
    """What the doctor says."""
    return examine(connection, timezone.now())


def problems(severity: str | None = None) -> list[str]:
    """What is wrong, as `subject: problem`."""
    found = [each for each in looked().findings if severity in (None, each.severity.value)]
    return [f"{each.subject}: {each.problem}" for each in found]


def doctor(**options: Any) -> tuple[int, Any]:
    """The exit code and what is printed, read where it is JSON."""
    out = io.StringIO()
    code = 0
    try:
        call_command("doctor", stdout=out, **options)
    except SystemExit as stop:
        code = int(str(stop.code))
    text = out.getvalue()
    return code, json.loads(text) if options.get("format") == "json" else text
