import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from smartagent.models import User
from tests.conftest import person
from tests.databases import temporary_copy


@pytest.fixture
def installation(transactional_db: None) -> Iterator[User]:
    """A database of its own, in which Alice is."""
    with temporary_copy("backup"):
        yield person("Alice", "members")


def said(*command: Any) -> str:
    """What a command of manage.py writes."""
    written = io.StringIO()
    call_command(*map(str, command), stdout=written, stderr=written, no_color=True)
    return written.getvalue()


def refusal(*command: Any) -> str:
    """How it ends where it refuses."""
    with pytest.raises(CommandError) as refused:
        said(*command)
    assert refused.value.returncode == 2
    return str(refused.value)
