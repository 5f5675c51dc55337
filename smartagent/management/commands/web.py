"""The web server alone, for machines on which the workers are not, or are run by something else."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from smartagent.kernel.process_metrics import forget_ended_processes
from smartagent.setup.safety import dangers
from smartagent.up import CannotStart
from smartagent.up.ports import check_free
from smartagent.up.web_server import web_command


class Command(BaseCommand):
    help = "Runs the web server alone; `migrate`, `qcluster`, `deliver` and `evaluate` are processes of their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 for all")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-workers", type=int, default=1, metavar="N", help="number of web server processes")

    def handle(self, *args: Any, **options: Any) -> None:
        if found := dangers(settings, options["host"]):
            raise CommandError(" ".join(found), returncode=2)
        try:
            check_free(options["host"], options["port"])
        except CannotStart as error:
            raise CommandError(str(error), returncode=2) from None
        forget_ended_processes()
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        environment = {**os.environ, "STATIC_COLLECTED": "on", "PYTHONUNBUFFERED": "1"}
        subprocess.run(  # noqa: S603 our own command
            [*manage, "collectstatic", "--noinput", "--verbosity", "0"], env=environment, check=True
        )
        command = web_command(options["host"], options["port"], options["web_workers"])
        os.execve(command[0], command, environment)  # noqa: S606 our own command: signals are its own
