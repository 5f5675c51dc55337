"""Django's command, with an entry in the activity log; the sessions of the person end."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.utils import timezone

from smartagent.accounts.events import PASSWORD_CHANGED, log_event
from smartagent.kernel.command_line import command_line
from smartagent.models import BrowserSession, User


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> Any:
        said = super().handle(*args, **options)
        person = User.objects.get_by_natural_key(options["username"])
        log_event(PASSWORD_CHANGED, person, timezone.now(), by=command_line(), cause="by an administrator")
        BrowserSession.objects.filter(user=person).delete()
        return said
