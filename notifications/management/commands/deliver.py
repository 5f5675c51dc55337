"""Send due deliveries until stopped."""

import gc
import signal
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications.delivery.pipeline import DELIVERY_LEASE
from notifications.delivery.worker import Worker, deliver
from smartagent.kernel.formats import counted


def seconds(text: str) -> timedelta:
    """A number of seconds, 1 to 3600."""
    if not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds; use 1 to 3600.")
    return timedelta(seconds=int(text))


def collect_garbage_rarely() -> None:
    """Of the many objects of a message hardly any form a circle; to look for these took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class Command(BaseCommand):
    help = "Sends due deliveries, once or until stopped (Ctrl-C)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send due deliveries once, and exit")
        parser.add_argument(
            "--lease", type=seconds, default=DELIVERY_LEASE, metavar="SECONDS",
            help="lease of a delivery, after which another worker may take it over (default 60)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            sent = deliver(timezone.now())
            self.stdout.write(f"{counted(sent, 'attempt')}.")
            return
        worker = Worker(options["lease"])

        def stop(number: int, frame: FrameType | None) -> None:
            worker.stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        collect_garbage_rarely()
        worker.run()
