"""The cast: Alice and Bob are members, Olga an operator, Audra an auditor, Ada an administrator."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import DjangoDbBlocker

from rules.activity_export import response as activity_export
from rules.activity_stream import response as activity_stream
from rules.evaluation.dispatcher import EVALUATION_LOCK
from smartagent.kernel.member_role import leave
from smartagent.models import User
from smartagent.rest.slots import Slots
from smartagent.templatetags.evaluation_banner import EvaluationMemory
from tests import memory
from tests.shortcuts import (
    a_response_has_the_context_of_each_template_once,
    background_work_is_done_at_once,
    states_of_migrations_are_made_once,
    static_files_are_looked_for_once,
    to_sign_in_is_one_statement,
)
from tests.stack import with_room
from tests.tables import Tables

__all__ = [
    "a_response_has_the_context_of_each_template_once", "background_work_is_done_at_once",
    "states_of_migrations_are_made_once",
    "static_files_are_looked_for_once", "to_sign_in_is_one_statement",
]  # fmt: skip
gc.disable()  # until all is imported: see pytest_collection_finish
TESTS = Path(__file__).parent
ROOT = TESTS.parent
PASSWORD = "correct horse battery"
NO_TEST_LATER = timedelta(days=1)
# What a test has written need not outlive a power cut.
FORGETFUL = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "512MB",
    "autovacuum": "off", "checkpoint_timeout": "1h", "io_method": "sync",
}  # fmt: skip
# Files with tests of ten seconds and more: they begin first, so that no worker is left alone with one at the end.
LONG = {
    "test_fuzz_pages.py", "test_crawl.py", "test_up.py", "test_demo.py", "test_online.py", "test_mixtures.py",
    "test_hostile_texts.py", "test_fuzz.py", "test_things_of_others.py", "test_bench.py", "test_keyboard_only.py",
    "test_matrix.py", "test_changes_by_others.py",
}  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


# The same examples each time, so that a change is judged by what it changed; `make test-long` takes new ones.
hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("nightly", max_examples=500, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    """Before the embedded PostgreSQL is started; a server that is named by DATABASE_URL is left as it is."""
    database = settings.DATABASES["default"]
    database.get("EMBEDDED_OPTIONS", {}).update(FORGETFUL)
    is_worker = hasattr(config, "workerinput")  # it has the folder of its parent
    if "EMBEDDED" in database and not is_worker and (folder := memory.use(settings.SECRET_KEY)):
        settings.VAR, database["EMBEDDED"] = folder, folder / "postgres"
        config.add_cleanup(lambda: memory.forget(folder))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are named by their parameter: compressed ones hold the time, and every worker must name a test alike."""
    return argname if isinstance(val, bytes) else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker begins with other modules: what one has compiled, with its assertions, the others need not."""
    worker: dict[str, Any] = getattr(session.config, "workerinput", {})
    if worker and not sys.dont_write_bytecode:
        modules = sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in TESTS.rglob("test_*.py"))
        first = len(modules) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
        for name in modules[first:] + modules[:first]:
            with suppress(Exception, pytest.skip.Exception):  # said when it is collected
                import_module(name)


def pytest_collection_finish() -> None:
    """What was imported lives to the end: the garbage collector need not look through it again and again."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # states of migrations are a hundred thousand objects


@pytest.hookimpl(tryfirst=True)
@with_room
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """As pytest does it, with room for deep calls."""
    return item.config.pluginmanager.get_plugin("runner").pytest_runtest_protocol(item, nextitem)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """A stream that a test has not read to its end keeps the connection to the rows of its person."""
    leave()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """After a test that committed, only what it has changed is put back. Schedules are not overdue in a long suite."""
    with django_db_blocker.unblock():
        Schedule.objects.update(next_run=timezone.now() + NO_TEST_LATER)
        tables = Tables()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: tables.restore())
        yield


def person(name: str, role: str, **fields: Any) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, full_name=name, **fields)
    if role != "members":  # as everybody begins
        user.groups.set([Group.objects.get(name=role)])
    return user


@pytest.fixture
def alice(db: None) -> User:
    return person("Alice", "members")


@pytest.fixture
def bob(db: None) -> User:
    return person("Bob", "members")


@pytest.fixture
def olga(db: None) -> User:
    return person("Olga", "operators")


@pytest.fixture
def audra(db: None) -> User:
    return person("Audra", "auditors")


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada@example.com", PASSWORD, full_name="Ada")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A signed-in browser without a screen."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; tests that are not about passwords need not wait."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def _evaluations_of_other_tests() -> None:
    """What a process remembers of evaluations is that of this test."""
    EvaluationMemory.forget()


@pytest.fixture(autouse=True)
def _streams_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that asks for every address need not wait until a stream is over."""
    monkeypatch.setattr(activity_stream, "MAX_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _exports_need_not_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that asks for every address reads no file to its end; a server closes what it does not read."""
    monkeypatch.setattr(activity_export, "EXPORT_SLOTS", Slots("exports", 1000, retry_after=30))
    monkeypatch.setattr(activity_stream, "STREAM_SLOTS", Slots("streams", 1000, retry_after=15))


@pytest.fixture(autouse=True)
def _requests_are_not_counted(settings: Any) -> None:
    """How many tests ran in this minute is no reason to refuse a request, or for a statement more."""
    settings.API_REQUESTS_PER_MINUTE = dict.fromkeys(settings.API_REQUESTS_PER_MINUTE, 0)


@pytest.fixture
def no_limits(settings: Any) -> None:
    """Nobody is throttled, however many requests a test makes in a minute."""
    settings.LIMITS_PER_MINUTE = dict.fromkeys(settings.LIMITS_PER_MINUTE, 0)


@pytest.fixture
def another_dispatcher(transactional_db: None) -> Iterator[None]:
    """One that evaluates all the time. It gives its lock back: the pool keeps the connection, and so its locks."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [EVALUATION_LOCK])
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s)", [EVALUATION_LOCK])
    other.close()
