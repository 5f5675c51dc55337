"""Let somebody in who cannot sign in, where no administrator can either."""

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smartagent.accounts.events import SECOND_FACTOR_RESET, log_event
from smartagent.accounts.sign_in_limits import open_account
from smartagent.kernel.command_line import command_line
from smartagent.models import User


class Command(BaseCommand):
    help = "Forgets the failed attempts at an account; with --second-factors its second factors are removed, too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address of the person")
        parser.add_argument("--second-factors", action="store_true", help="remove app, passkeys and recovery codes")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.with_email(options["email"]).filter(is_service_account=False).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        open_account(person.email)
        self.stdout.write(f"Failed attempts to sign in as {person.email} are forgotten.")
        if options["second_factors"]:
            count, _ = Authenticator.objects.filter(user=person).delete()
            if count:
                log_event(SECOND_FACTOR_RESET, person, timezone.now(), by=command_line())
            self.stdout.write("The second factors are removed." if count else "There are no second factors.")
