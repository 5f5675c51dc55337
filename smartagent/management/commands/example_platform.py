"""Run the example platform, and connect somebody's integrations to it."""

import json
import signal
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from rules.models import Integration
from smartagent.demo.incidents.reconnection import reconnect
from smartagent.demo.platform.connection import connect, look, settings_of
from smartagent.demo.platform.server import HOST, INTEGRATION_NAMES, LIFETIME, Running, running
from smartagent.kernel.stop import Stop
from smartagent.models import User
from smartagent.outbound.addresses import allowing

POLL_INTERVAL = 5  # seconds between two looks at what was connected
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    help = "Runs a small platform on this machine whose integrations can be broken and healed, to try Smart Agent on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8900)
        parser.add_argument("--connect", metavar="EMAIL", help="point this person's integrations to it")
        parser.add_argument(
            "--demo", action="store_true", help="reconnect the demo's integrations to it, on a free port"
        )
        parser.add_argument("--lifetime", type=int, default=int(LIFETIME.total_seconds()), metavar="SECONDS",
                            help="how long an access token lasts")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        person = _person(options["connect"]) if options["connect"] else None
        port = 0 if options["demo"] else options["port"]
        ended = Stop()
        for each in STOP_SIGNALS:
            signal.signal(each, lambda *_: ended.set())
        try:
            with running(port, timedelta(seconds=options["lifetime"])) as platform, allowing(HOST):
                connected = self._reconnect(platform) if options["demo"] else self._introduce(platform, person)
                self.stdout.flush()
                while not ended.wait(POLL_INTERVAL):
                    self._look(connected)
        except OSError as error:
            raise CommandError(f"Port {port} cannot be used: {error.strerror}.") from None

    def _reconnect(self, platform: Running) -> Sequence[Integration]:
        found = reconnect(platform, timezone.now())
        self.stdout.write(f"{len(found)} integrations of the demo stand on {platform.address}/: break them there.")
        return found

    def _introduce(self, platform: Running, person: User | None) -> Sequence[Integration]:
        self.stdout.write(_introduction(platform))
        connected = self._connect(person, platform) if person else []
        self.stdout.write("Ctrl-C ends it.")
        return connected

    def _connect(self, person: User, platform: Running) -> Sequence[Integration]:
        now = timezone.now()
        services = [platform.platform.services[name] for name in INTEGRATION_NAMES]
        made = [connect(person.pk, service, platform.address, now) for service in services]
        self.stdout.write(f"{', '.join(map(str, made))} of {person.email} stand on it now, and are looked at every "
                          f"{POLL_INTERVAL} seconds.\n")  # fmt: skip
        return made

    def _look(self, connected: Sequence[Integration]) -> None:
        rows = Integration.objects.filter(pk__in=[each.pk for each in connected], status=Integration.Status.ACTIVE)
        try:
            wrong = [f"{each}: {found}" for each in rows if (found := look(each, timezone.now()))] if connected else []
        except DatabaseError as error:
            wrong = [f"The database does not answer: {error}".strip()]
        for each in wrong:
            self.stdout.write(f"{timezone.now():%H:%M:%S} {each}")


def _person(email: str) -> User:
    found: User | None = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise CommandError(f"There is nobody with the address {email}.")
    return found


def _introduction(platform: Running) -> str:
    service = next(iter(platform.platform.services.values()))
    body = {
        "integration_type": service.name, "status": "active", "config": settings_of(service, platform.address),
        "credentials": service.credentials(),
    }  # fmt: skip
    return "\n".join([
        f"The example platform is at {platform.address}/: open it, and break something.", "",
        "Smart Agent reaches it where its environment, or .env, has", f"  OUTBOUND_ALLOWED={HOST}", "",
        f"An integration is connected by --connect EMAIL, or by hand; {service.name} for example:",
        '  curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\',
        f"       -d '{json.dumps(body)}' http://127.0.0.1:8000/api/integrations/", "",
    ])  # fmt: skip
