"""Send due deliveries until stopped."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications.delivery.pipeline import DELIVERY_LEASE
from notifications.delivery.processes import Processes
from notifications.delivery.worker import Worker, deliver
from smartagent.kernel.formats import counted


def seconds(text: str) -> timedelta:
    """A number of seconds, 1 to 3600."""
    if not text.isdecimal() or not 1 <= int(text) <= 3600:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds; use 1 to 3600.")
    return timedelta(seconds=int(text))


def count(text: str) -> int:
    """A number of processes, 1 to 64."""
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ArgumentTypeError(f"{text!r} is not a number of processes; use 1 to 64.")
    return int(text)


class Command(BaseCommand):
    help = "Sends due deliveries, once or until stopped (Ctrl-C)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send due deliveries once, and exit")
        parser.add_argument(
            "--lease", type=seconds, default=DELIVERY_LEASE, metavar="SECONDS",
            help="lease of a delivery, after which another worker may take it over (default 60)",
        )  # fmt: skip
        parser.add_argument(
            "--processes", type=count, default=settings.DELIVERY_PROCESSES, metavar="N",
            help="processes that send (default DELIVERY_PROCESSES)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            sent = deliver(timezone.now())
            self.stdout.write(f"{counted(sent, 'attempt')}.")
            return
        count = options["processes"]
        if code := Processes(count, partial(Worker, options["lease"], share=count)).run():
            sys.exit(code)
