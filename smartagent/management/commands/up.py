"""From an empty machine to a page one can sign in to."""

import http.client
import os
import subprocess
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone
from rich.console import Console
from rich.panel import Panel

from notifications.delivery.processes import PROCESS_ENDED
from rules.engine.intervals import has_evaluator
from rules.models import AutomationRule, Integration
from smartagent.accounts.account_changes import log_added
from smartagent.demo.platform.connection import PLATFORM_MARK
from smartagent.demo.platform.server import HOST
from smartagent.kernel.command_line import command_line
from smartagent.kernel.process_metrics import forget_ended_processes
from smartagent.models import User
from smartagent.setup import schedules
from smartagent.setup.process_deaths import keep_death
from smartagent.setup.safety import dangers
from smartagent.setup.task_broker import NAME_REDIS, broker_problem
from smartagent.up import CannotStart
from smartagent.up.child import Child
from smartagent.up.first_admin import FirstAdmin, make_first_admin
from smartagent.up.only_one import only_one
from smartagent.up.output import Output
from smartagent.up.ports import check_free
from smartagent.up.site_address import site_url
from smartagent.up.supervisor import Supervisor
from smartagent.up.web_server import web_command

PLATFORM_TOKEN_SECONDS = 30 * 24 * 3600  # that a token of the demo's example platform lasts
# Granian's advice is about threads that compute; most of ours wait.
THREADS_ADVICE = "Configuration allows spawning up to"
# What Granian says of a process that it starts again by itself.
WEB_PROCESS_ENDED = "Unexpected exit from worker"
PROCESS_NAMES = {
    "web": "web server",
    "workers": "cluster of workers",
    "deliver": "delivery worker",
    "evaluate": "evaluator",
}
PROCESS_COLOURS = {
    "web": "cyan",
    "demo": "yellow",
    "workers": "green",
    "deliver": "magenta",
    "evaluate": "bright_green",
    "example": "blue",
    "up": "bold",
}


class Command(BaseCommand):
    help = "Migrates, creates the first administrator and demo data, and runs the web server and the workers."
    console = Console(highlight=False, soft_wrap=True)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.output = Output(self._say)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 for all")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-demo", action="store_true", help="do not fill an empty installation with demo data")
        parser.add_argument("--web-workers", type=int, default=1, metavar="N", help="number of web server processes")

    def handle(self, *args: Any, **options: Any) -> None:
        address = f"http://{options['host']}:{options['port']}/"
        try:
            if found := dangers(settings, options["host"]):
                raise CannotStart(" ".join(found))
            if problem := broker_problem():
                raise CannotStart(f"{problem} {NAME_REDIS}")
            with only_one(settings.VAR, address):
                check_free(options["host"], options["port"])
                forget_ended_processes()
                self._prepare(address)
                code = self._run(address, options)
        except CannotStart as error:
            raise CommandError(str(error), returncode=2) from None
        if code:
            sys.exit(code)

    def _prepare(self, address: str) -> None:
        with self._collect_static() as collecting:
            self._say("up", "Migrating the database …")
            call_command("migrate", verbosity=0)
            schedules.synchronise()
            admin = self.make_admin(os.environ)
            connections.close_all()
        if collecting.returncode:
            raise CannotStart(f"The static files could not be written to {settings.VAR / 'static'}.")
        if admin:
            self.show_admin(admin, address)

    def make_admin(self, environment: Mapping[str, str]) -> FirstAdmin | None:
        """Create the first administrator as the environment says; None if there is one. CannotStart."""
        made = make_first_admin(environment.get("ADMIN_EMAIL"), environment.get("ADMIN_PASSWORD"))
        if made:
            log_added(User.objects.get(email=made.email), command_line(), timezone.now())
        return made

    def show_admin(self, admin: FirstAdmin, address: str) -> None:
        """Print a generated password, once; one of the environment never."""
        if not admin.password:
            self._say("up", f"Created the administrator {admin.email}.")
            return
        lines = f"address   {address}\ne-mail    {admin.email}\npassword  {admin.password}"
        shown = Panel(f"{lines}\n\nThis is shown only once.", title="Administrator account", expand=False)
        self.console.print(shown)

    def _collect_static(self) -> "subprocess.Popen[bytes]":
        """Anew at each start, since an upgrade changes the files; beside the migrations, which take as long."""
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        return subprocess.Popen(  # noqa: S603 our own command
            [*manage, "collectstatic", "--noinput", "--clear", "--verbosity", "0"],
            env={**os.environ, "STATIC_COLLECTED": "on"},
        )

    def _run(self, address: str, options: dict[str, Any]) -> int:
        surroundings = {
            "ADMIN_PASSWORD": "",
            "STATIC_COLLECTED": "on",
            "PYTHONUNBUFFERED": "1",
            "SITE_URL": self._site_url(options),
        }
        web = web_command(options["host"], options["port"], options["web_workers"])
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        commands = {
            "web": web, "demo": [*manage, "demo"], "workers": [*manage, "qcluster"], "deliver": [*manage, "deliver"],
            "evaluate": [*manage, "evaluate"],
            "example": [*manage, "example_platform", "--demo", "--lifetime", str(PLATFORM_TOKEN_SECONDS)],
        }  # fmt: skip
        wants_demo = self._wants_demo(options)
        platform = ["example"] if wants_demo or self._has_demo() else []
        if platform:
            surroundings["OUTBOUND_ALLOWED"] = ",".join([*settings.OUTBOUND_ALLOWED, HOST])
        evaluator = ["evaluate"] if has_evaluator() else []
        child = {name: Child(name, command, self._hear, surroundings) for name, command in commands.items()}
        supervisor = Supervisor(
            [child["web"]], self.output.say, died=self._record_death, first=child["demo"] if wants_demo else None,
            later=[child[name] for name in (*platform, "workers", "deliver", *evaluator)],
        )  # fmt: skip
        code = supervisor.run(lambda: self._is_ready(address, options["host"], options["port"]))
        if not self.output.flush():
            os._exit(code)  # nobody reads: to end as usual would wait for a reader
        return code

    def _hear(self, name: str, line: str) -> None:
        """Print a line of a child; web server and `deliver` say in theirs when one of their processes ended."""
        if name == "web" and WEB_PROCESS_ENDED in line:
            self._record_death("web process", None)
        if name == "deliver" and PROCESS_ENDED in line:
            self._record_death("delivery process", None)
        self.output.say(name, line)

    def _record_death(self, name: str, code: int | None) -> None:
        """Write it to the activity log, beside the restart: the database may be away for a while."""
        threading.Thread(target=keep_death, args=[PROCESS_NAMES.get(name, name), code], daemon=True).start()

    def _wants_demo(self, options: dict[str, Any]) -> bool:
        """Only an empty installation is filled. Pages are open meanwhile; the workers, which evaluate now, wait."""
        wanted = not options["no_demo"] and not AutomationRule.objects.exists()
        connections.close_all()
        return wanted

    def _has_demo(self) -> bool:
        """Whether integrations stand on the example platform of the demo."""
        found = Integration.objects.filter(config__has_key=PLATFORM_MARK).exists()
        connections.close_all()
        return found

    def _site_url(self, options: dict[str, Any]) -> str:
        """What the environment says, else where we listen: links in messages lead to this very installation."""
        listens = site_url(options["host"], options["port"], settings.ALLOWED_HOSTS, https=settings.HTTPS)
        return os.environ.get("SITE_URL") or listens

    def _is_ready(self, address: str, host: str, port: int) -> bool:
        reachable = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 it is compared, not bound
        named = settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", host)
        connection = http.client.HTTPConnection(reachable, port, timeout=2)
        try:
            connection.request("GET", "/login/", headers={"Host": named})
            ready = connection.getresponse().status < 400
        except OSError:
            return False
        finally:
            connection.close()
        if ready:
            self.output.say("up", f"Smart Agent is ready: {address}  (Ctrl-C stops it)")
        return ready

    def _say(self, name: str, line: str) -> None:
        if THREADS_ADVICE in line:
            return
        self.console.print(f"[{PROCESS_COLOURS[name]}]{name:<8}[/] │ ", end="")
        self.console.print(line, markup=False)
