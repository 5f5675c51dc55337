"""Django's command: what it changes of the configuration is in the activity log."""

from typing import Any

from django.core.management.commands import shell

from rules.models.recorded import acting_as
from smartagent.kernel.command_line import command_line


class Command(shell.Command):
    def handle(self, *args: Any, **options: Any) -> Any:
        with acting_as(command_line()):
            return super().handle(*args, **options)
