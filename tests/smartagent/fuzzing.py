"""Requests as somebody hostile sends them: what the API's description allows, with some values in it exchanged."""

import copy
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

# Requests for each role together; a night's run sets it to 20000 or more.
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "300"))
PAGE_REQUESTS = int(os.environ.get("FUZZ_PAGE_REQUESTS", "30"))
SEED = int(os.environ.get("FUZZ_SEED", "20260302"))
# Seconds; only a long run measures them, for an ordinary one shares its machine with whatever else is tested.
LONG_RUN = bool({"FUZZ_REQUESTS", "FUZZ_PAGE_REQUESTS"} & os.environ.keys())
SLOW = 2.0 if LONG_RUN else float("inf")

NUMBERS = [
    0,
    -1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**18,
    10**20,
    10**400,
    1e308,
    -1e308,
    5e-324,
    6.9e-310,
    -0.0,
    1e19,
    0.1 + 0.2,
]
TEXTS = [
    "", " ", "\x00", "\ud800", "a\udfffb", "\u202egnp", "<script>alert(1)</script>", "{{ x }}", "{% debug %}", "'; --",
    "javascript:alert(1)", "१२", "1e1000000", "0e-200000000", "nan", "Infinity", "9999999999d", "9" * 5000, "1d" * 60,
    "allert", "localtime", "../../etc/passwd", "0001-01-01T00:00:00+18:00", "9999-12-31T23:59:59-23:59", "5 checks",
    "2026-03-02T10:00:00+23:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "00000000-0000-0000-0000-000000000000",
    "FREQ=HOURLY;INTERVAL=1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "a" * 300, "😀" * 3000, "b" * 200_000,
    "everyone", "a@b.example", "http://169.254.169.254/", "https://[::1", "\r\nX: y", "=cmd|' /C calc'!A0",
]  # fmt: skip
OTHERS = [None, True, [], {}, [[]], [None] * 300, {"\ud800": 1}, {"": ""}, {"\x00": "a"}, {"a": {"b": {"c": []}}},
          {"days": [9], "from": "25:00"}]  # fmt: skip
HOSTILE = st.sampled_from([*NUMBERS, *TEXTS, *OTHERS])


@dataclass
class Tally:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    broken: dict[str, str] = field(default_factory=dict)
    slow: list[str] = field(default_factory=list)

    def note(self, what: str, answer: Any, took: float) -> None:
        """Keep what of an answer counts; one example of each kind of failure."""
        self.statuses[answer.status_code] += 1
        self.slowest = max(self.slowest, (took, what[:300]))
        if took > SLOW:
            self.slow.append(f"{took:.1f} s: {what[:300]}")
        if answer.status_code == 500:
            self.broken.setdefault(cause(answer), what[:1500])

    def report(self) -> str:
        """The figures in a line."""
        return (
            f"{self.statuses.total()} requests, seed {SEED}, {dict(sorted(self.statuses.items()))}, "
            f"slowest {self.slowest[0]:.2f} s: {self.slowest[1]}"
        )


class Failures:
    """The last exception that a view raised, as Django notes it."""

    last = ""


def cause(answer: Any) -> str:
    """Where it broke."""
    return Failures.last or answer.content.decode(errors="replace")[:200]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places within `value`, itself among them."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in leaves(part, (*path, key)))]


def exchanged(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """`value` with `new` at `path`."""
    if not path:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


@st.composite
def hostile(draw: Any, value: Any) -> Any:
    """`value` with up to three of its parts exchanged, or with an unknown name."""
    for _ in range(draw(st.integers(0, 3))):
        value = exchanged(value, draw(st.sampled_from(leaves(value))), draw(HOSTILE))
    return value


def timed(call: Any) -> tuple[Any, float]:
    """What `call` gives, and the seconds that it takes."""
    began = time.perf_counter()
    return call(), time.perf_counter() - began
