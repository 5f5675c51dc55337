"""Evaluate the rules every EVALUATE_EVERY_SECONDS, until stopped."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from rules.evaluation.evaluator import Evaluator


class Command(BaseCommand):
    help = "Evaluates all rules every EVALUATE_EVERY_SECONDS, where these are no whole minutes, until stopped (Ctrl-C)."
    requires_system_checks = []  # they load every page, of which this process needs none

    def handle(self, *args: Any, **options: Any) -> None:
        evaluator = Evaluator()

        def stop(number: int, frame: FrameType | None) -> None:
            evaluator.stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        evaluator.run()
