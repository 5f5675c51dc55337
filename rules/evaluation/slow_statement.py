"""The plan of the statement that an evaluation spends its time in, kept where it was slow."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

MAX_LINE, MAX_PLAN = 1000, 50_000  # characters; filters have numbers of 300 digits


class SlowStatement:
    """Keeps the plan of a statement that takes longer than `seconds` (0: never)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.plan = ""

    @contextmanager
    def explained(self, cursor: Any, statement: str, params: Mapping[str, Any]) -> Iterator[None]:
        """Within, the statement is executed; it is explained where that took long, which executes nothing."""
        started = time.perf_counter()
        yield
        if self.seconds and time.perf_counter() - started > self.seconds:
            cursor.execute(f"EXPLAIN {statement}", params)
            self.plan = "\n".join(line[:MAX_LINE] for (line,) in cursor.fetchall())[:MAX_PLAN]


NEVER_SLOW = SlowStatement(0)
