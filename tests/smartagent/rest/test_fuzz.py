"""Whatever is sent to an endpoint that writes is done or refused in words, and soon: no 500, nothing over two seconds.

FUZZ_REQUESTS=20000 runs it long, and only then counts the seconds; FUZZ_SEED starts elsewhere.
"""

import json
import sys
import traceback
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as chosen
from hypothesis import strategies as st

from smartagent.bench.api.objects import known_things
from smartagent.models import User
from smartagent.wsgi import application
from tests.smartagent.fuzzing import HOSTILE, REQUESTS, SEED, SLOW, Failures, Tally, hostile, timed
from tests.smartagent.whole_bodies import BODIES

WRITES = ("POST", "PUT", "PATCH", "DELETE")
schema = schemathesis.openapi.from_wsgi("/api/schema/", application)


def _operations() -> list[Any]:
    return [one.ok() for one in schema.get_all_operations()]


@pytest.fixture
def broke() -> Any:
    """Notes where views break, for a 500 does not say."""

    def note(sender: Any, **_: Any) -> None:
        Failures.last = traceback.format_exc().strip()[-900:]

    got_request_exception.connect(note)
    yield
    got_request_exception.disconnect(note)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["alice", "olga", "ada"])
def test_no_request_breaks_or_hangs_the_api(
    role: str, request: Any, broke: None, now: Any, monkeypatch: Any, capsys: Any, no_limits: None
) -> None:
    person: User = request.getfixturevalue(role)
    known = known_things(person, now)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    tally = Tally()
    every = _operations()
    writes = [one for one in every if one.method.upper() in WRITES]
    each = max(1, round(REQUESTS / 3 / (len(writes) + (len(every) - len(writes)) / 4)))
    for operation in every:
        many = each if operation in writes else max(1, each // 4)
        _send(operation, many, client, known, tally)
    with capsys.disabled():
        sys.stdout.write(f"\nas {role}: {tally.report()}\n")
    assert not tally.broken, "\n\n".join(f"{what}\n{why}" for why, what in tally.broken.items())
    assert not tally.slow


def _send(operation: Any, many: int, client: Client, known: dict[str, str], tally: Tally) -> None:
    @seed(SEED)
    @chosen(
        max_examples=many, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def run(data: Any) -> None:
        case = data.draw(operation.as_strategy())
        body = case.body if isinstance(case.body, dict | list) else {}
        whole = BODIES.get((operation.method.upper(), operation.path))
        body = data.draw(hostile(whole if whole is not None and data.draw(st.booleans()) else body))
        query = {
            k: data.draw(HOSTILE) if data.draw(st.integers(0, 3)) == 0 else v for k, v in (case.query or {}).items()
        }
        _ask(client, case, body, query, known, tally)

    run()


def _ask(client: Client, case: Any, body: Any, query: Any, known: dict[str, str], tally: Tally) -> None:
    address = case.path
    for name, value in (case.path_parameters or {}).items():
        word = address.split("/")[2]
        value = known.get(word, value) if name == "id" else value
        address = address.replace("{" + name + "}", _in_address(value))
    address = address if address.startswith("/api") else f"/api{address}"
    if query:
        address += "?" + "&".join(f"{_in_address(k)}={_in_address(v)}" for k, v in query.items())
    sent = json.dumps(body)  # half a pair is escaped, and so arrives
    options = {} if case.method.upper() == "GET" else {"data": sent, "content_type": "application/json"}
    answer, took = _answer(client, case.method.upper(), address, options)
    if took > SLOW and case.method.upper() in WRITES:  # the machine may have had something else to do
        took = min(took, _answer(client, case.method.upper(), address, options)[1])
    took = took if case.method.upper() in WRITES else min(took, SLOW)
    tally.note(f"{case.method} {address} {sent}", answer, took)
    if not address.startswith("/api/docs/"):
        assert "html" not in answer.headers.get("Content-Type", ""), f"{case.method} {address} {sent[:500]}"


def _in_address(value: Any) -> str:
    return quote(str(value).encode(errors="surrogatepass"), safe="")[:3000] or "x"


def _answer(client: Client, method: str, address: str, options: dict[str, Any]) -> tuple[Any, float]:
    with transaction.atomic():  # so that what is deleted is there for the next one
        found = timed(lambda: client.generic(method, address, **options))
        transaction.set_rollback(True)
    return found
