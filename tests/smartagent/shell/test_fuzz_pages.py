"""Whatever is typed into a form or an address of a page, it answers in words: no 500, nothing over two seconds.

The pages are found by following all that is shown, as `test_crawl` does for the other roles.
"""

import sys
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.smartagent.fuzzing import LONG_RUN, OTHERS, PAGE_REQUESTS, SEED, SLOW, TEXTS, Tally, timed
from tests.smartagent.rest.test_fuzz import broke
from tests.smartagent.shell.test_crawl import ELSEWHERE, Visitor, everything, pages_of, presses, shape

__all__ = ["broke", "everything"]
TYPED = st.sampled_from([text.encode(errors="replace").decode() for text in TEXTS] + [str(other) for other in OTHERS])
# What addresses of pages are read for, whether or not a page has a link with it.
PARAMETERS = (
    "past", "o", "p", "q", "e", "at", "person", "rule", "days", "source", "query", "until", "after", "before", "within",
    "user", "copy", "template", "threshold", "a", "b", "period", "metric", "assignee", "run", "label", "health", "all",
    "_changelist_filters", "next", "starts", "since", "channel", "search", "term",
)  # fmt: skip
PAST = [
    "2026-03-02T10:00:00+18:00", "2026-03-02T10:00:00+23:59", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+18:00",
    "9999-12-31T23:59:59-18:00", "2026-03-02T10:00:00-23:59", "x",
]  # fmt: skip
ID = "0190a5a4-0000-7000-8000-000000000000"


@pytest.fixture(params=["alice", "olga", "ada"] if LONG_RUN else ["olga"])
def visitor(request: Any, everything: None) -> Any:
    return Visitor(request.getfixturevalue(request.param))


def _sends(visitor: Any) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Everything that can be sent by one of the buttons, and every page, once."""
    found: dict[Any, tuple[str, str, dict[str, list[str]]]] = {}
    for page in pages_of(visitor):
        found.setdefault(("get", shape(page.address)[0]), ("get", page.address, {}))
        for form in (each for each in page.forms if each.method != "dialog"):
            for action, fields, text in presses(form):
                address = page.address if action in ("", ".") else urljoin(page.address, action)
                if not address.startswith(ELSEWHERE):
                    key = (form.method, shape(address)[0], tuple(sorted(fields)), text)
                    found.setdefault(key, (form.method, address, fields))
    return list(found.values())


def test_no_request_breaks_or_hangs_a_page(visitor: Any, broke: None, no_limits: None, capsys: Any) -> None:
    tally, sends = Tally(), _sends(visitor)
    lists = [address for method, address, fields in sends if method == "get" and not fields]
    for number, address in enumerate(lists if LONG_RUN else lists[::4]):
        for past in PAST if LONG_RUN else [PAST[number % len(PAST)]]:
            _send(visitor, "get", f"{address.partition('?')[0]}?past={quote(f'{past}~{ID}')}", {}, tally)

    @seed(SEED)
    @settings(
        max_examples=max(1, PAGE_REQUESTS // 3), deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def run(data: Any) -> None:
        method, address, fields = data.draw(st.sampled_from(sends))
        sent = {name: list(values) for name, values in fields.items()}
        for name in data.draw(st.lists(st.sampled_from(sorted(sent)), max_size=3)) if sent else ():
            sent[name] = [data.draw(TYPED)]
        if method == "get":
            sent |= {name: [data.draw(TYPED)] for name in data.draw(st.lists(st.sampled_from(PARAMETERS), max_size=2))}
        _send(visitor, method, address, sent, tally)

    run()
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.report()}\n")
    assert not tally.broken, "\n\n".join(f"{what}\n{why}" for why, what in tally.broken.items())
    assert not tally.slow


def _send(visitor: Any, method: str, address: str, fields: Any, tally: Tally) -> None:
    answer, took = _answer(visitor, method, address, fields)
    if took > SLOW:  # the machine may have had something else to do
        took = min(took, _answer(visitor, method, address, fields)[1])
    tally.note(f"{method} {address} {str(fields)[:1000]}", answer, took)


def _answer(visitor: Any, method: str, address: str, fields: Any) -> tuple[Any, float]:
    cookies = visitor.client.cookies.copy()
    with transaction.atomic():
        answer, took = timed(lambda: getattr(visitor.client, method)(address, fields))
        transaction.set_rollback(True)
    visitor.client.cookies = cookies
    return answer, took
