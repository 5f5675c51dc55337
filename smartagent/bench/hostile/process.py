"""Hostile inputs sent to the application in this process. Nothing of a request stays in the database."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings

from smartagent.bench.api.in_process import BENCH_SETTINGS, ServerErrors, prepare, rolled_back
from smartagent.bench.api.roles import ADMINISTRATOR, user_of
from smartagent.bench.hostile.inputs import deep_values, hostile_texts
from smartagent.bench.hostile.job import Job, read_job
from smartagent.bench.hostile.places import JSON_TYPE, Place
from smartagent.bench.hostile.signs import executed, make_secret

MAX_SHOWN = 2000  # characters
LED_ON = (301, 302, 303)


@dataclass
class Tally:
    """What came of the inputs at one place."""

    part: str
    fields: int
    requests: int = 0
    server_errors: int = 0
    executed: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)


def main() -> None:
    """Run the job that standard input names."""
    job = read_job(sys.stdin.read())
    prepare(job.database)
    with override_settings(**BENCH_SETTINGS):
        json.dump([asdict(each) for each in run(job)], sys.stdout)


def run(job: Job) -> list[Tally]:
    """Send the inputs to each place."""
    with TemporaryDirectory() as folder:
        make_secret(Path(folder))
        sender = Sender(Path(folder))
        return [sender.send_all(place, job.inputs) for place in job.places]


def inputs_of(place: Place, number: int, folder: Path) -> Iterable[Any]:
    """So many inputs, evenly chosen; with JSON also some that are no texts."""
    every = [*hostile_texts(folder), *(deep_values() if place.content_type == JSON_TYPE and place.path else [])]
    return every if number >= len(every) else [every[place * len(every) // number] for place in range(number)]


class Sender:
    """Sends as the administrator, or as nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.errors = folder, ServerErrors()
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user_of(ADMINISTRATOR))
        self.session = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def send_all(self, place: Place, number: int) -> Tally:
        """Send so many inputs to the place."""
        tally = Tally(place.part, place.fields)
        for value in inputs_of(place, number, self.folder):
            with rolled_back():
                signs = self._send(place, value, tally)
            tally.executed += bool(signs)
            if signs:
                tally.failed.append({"place": place.name, "input": _shown(value), "sign": "; ".join(signs)})
        return tally

    def _send(self, place: Place, value: Any, tally: Tally) -> list[str]:
        self.client.cookies.clear()
        if not place.nobody:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        address, body = place.request(value)
        answer: Any = self.client.generic(place.method.upper(), address, body, content_type=place.content_type)
        signs = self._look(place, value, answer, tally)
        if answer.status_code in LED_ON and (to := answer.headers["Location"]).startswith("/"):
            signs += self._look(place, value, self.client.get(to), tally)
        return signs

    def _look(self, place: Place, value: Any, answer: Any, tally: Tally) -> list[str]:
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        tally.requests += 1
        if answer.status_code >= 500:
            tally.server_errors += 1
            tally.failed.append({"place": place.name, "input": _shown(value), "error": self.errors.last[-MAX_SHOWN:]})
            return []
        return executed(answer, content, self.folder)


def _shown(value: Any) -> str:
    return ascii(value)[:200]
