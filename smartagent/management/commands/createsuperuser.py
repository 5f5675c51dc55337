"""Django's command, with an entry in the activity log."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.utils import timezone

from smartagent.accounts.account_changes import log_added
from smartagent.kernel.command_line import command_line
from smartagent.models import User


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        known = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
        super().handle(*args, **options)
        for person in User.objects.filter(is_superuser=True).exclude(pk__in=known):
            log_added(person, command_line(), timezone.now())
