"""The load beside evaluations and deliveries: samples with an id in each, people on pages, and tasks of the workers.

What a sender is not told to be stored it sends again, as real ones do.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
from django.conf import settings
from django.db import connection
from django_q.tasks import async_task

SAMPLE_METRIC = "bench_sample"
SAMPLES_PER_REQUEST = 20
MAX_SAMPLES_PER_REQUEST = 2000
SAMPLE_SERIES = 50
THINK_SECONDS = 5.0  # of a person between two pages
TIMEOUT = 10.0
TASK, TASK_SECONDS = "rules.tasks.seal_entries", 3.0
PAGES = ("/", "/firing/", "/activity/", "/rules/", "/notifications/", "/activity/?within=24h")


@dataclass(slots=True)
class Samples:
    """Sends `rate` samples a second; `acknowledged` are the ids, which are their values, that were taken."""

    address: str
    token: str
    rate: int
    acknowledged: set[int] = field(default_factory=set)
    failures: int = 0
    last_success: float = 0.0
    waiting: "deque[dict[str, Any]]" = field(default_factory=deque)

    def run(self, stopping: threading.Event) -> None:
        ids, due = itertools.count(1), time.monotonic()
        with httpx.Client(base_url=self.address, timeout=TIMEOUT, trust_env=False) as client:
            while not stopping.wait(max(due - time.monotonic(), 0)):
                while due <= time.monotonic():
                    self.waiting.extend(sample(next(ids)) for _ in range(SAMPLES_PER_REQUEST))
                    due += SAMPLES_PER_REQUEST / self.rate
                self._send(client)

    def _send(self, client: httpx.Client) -> None:
        batch = list(itertools.islice(self.waiting, MAX_SAMPLES_PER_REQUEST))
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            answer = client.post("/api/samples/", json=batch, headers=headers)
        except httpx.HTTPError:
            self.failures += 1
            return
        if not answer.is_success:
            self.failures += 1
            return
        for each in batch:
            self.acknowledged.add(int(each["value"]))
            self.waiting.popleft()
        self.last_success = time.monotonic()


def sample(number: int) -> dict[str, Any]:
    """One whose value is its id."""
    labels = {"sender": str(number % SAMPLE_SERIES)}
    return {
        "metric": SAMPLE_METRIC, "value": number, "labels": labels, "observed_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip


class Answer(NamedTuple):
    """A page that was answered: when it was asked for (monotonic), how many seconds it took, and which it was."""

    at: float
    seconds: float
    page: str


@dataclass(slots=True)
class Pages:
    """People who read a page every few seconds; `answers` in the order in which they came."""

    address: str
    sessions: Sequence[str]
    answers: list[Answer] = field(default_factory=list)
    failures: int = 0
    last_failure: str = ""
    last_success: float = 0.0

    def run(self, stopping: threading.Event) -> None:
        threads = [
            threading.Thread(target=self._person, args=[stopping, session, place], daemon=True)
            for place, session in enumerate(self.sessions)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _person(self, stopping: threading.Event, session: str, place: int) -> None:
        pages = itertools.cycle(PAGES[place % len(PAGES) :] + PAGES[: place % len(PAGES)])
        cookies = {settings.SESSION_COOKIE_NAME: session}
        with httpx.Client(base_url=self.address, timeout=TIMEOUT, trust_env=False, cookies=cookies) as client:
            stopping.wait(THINK_SECONDS * place / len(self.sessions))
            while not stopping.is_set():
                self._read(client, next(pages))
                stopping.wait(THINK_SECONDS)

    def _read(self, client: httpx.Client, page: str) -> None:
        began = time.monotonic()
        try:
            client.get(page).raise_for_status()
        except httpx.HTTPError as error:
            self.failures += 1
            self.last_failure = f"{page}: {error}"
            return
        self.last_success = time.monotonic()
        self.answers.append(Answer(began, self.last_success - began, page))


@dataclass(slots=True)
class Tasks:
    """Gives the workers something to do every few seconds, so that their queue is in use."""

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(TASK_SECONDS):
            with ignored_failures():
                async_task(TASK)


@contextmanager
def ignored_failures() -> Any:
    """While the database is away nothing is asked for."""
    try:
        yield
    except Exception:  # noqa: S110 whatever it is, it is what the fault does
        pass
    finally:
        connection.close()


class Load:
    """All of it, from `start` to `stop`."""

    def __init__(self, samples: Samples, pages: Pages) -> None:
        self.samples, self.pages = samples, pages
        self.stopping = threading.Event()
        parts: list[Callable[[threading.Event], None]] = [samples.run, pages.run, Tasks().run]
        self.threads = [threading.Thread(target=part, args=[self.stopping], daemon=True) for part in parts]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()
