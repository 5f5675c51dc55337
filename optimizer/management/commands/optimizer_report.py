"""Send the weekly report of the optimizer now."""

import smtplib
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from optimizer.measurement.weekly_report_mail import send_to, send_weekly


class Command(BaseCommand):
    help = "Sends the report of the last 7 days: by e-mail to an address, otherwise to operators and administrators."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", metavar="EMAIL", help="send the report to this e-mail address at once")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not options["to"]:
            count = send_weekly(now)
            who = "person" if count == 1 else "people"
            self.stdout.write(
                f"The report is being sent to {count} {who}; people who already received this week's "
                "report are skipped."
            )
            return
        try:
            validate_email(options["to"])
            send_to(options["to"], now)
        except ValidationError:
            raise CommandError(f"“{options['to']}” is not an e-mail address.") from None
        except (smtplib.SMTPException, OSError) as error:
            raise CommandError(f"The mail server rejected the e-mail: {error}") from None
        self.stdout.write(f"The report was sent to {options['to']}.")
