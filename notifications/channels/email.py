"""E-mail by SMTP, through Django's mail backends (EMAIL_URL)."""

import smtplib
from typing import Any

from django import forms
from django.core.mail import EmailMultiAlternatives

from notifications.channels import Address, ChannelError, ChannelKind, Receipt
from notifications.channels.fields import OneLineField
from notifications.channels.mail_connections import mail_connection
from notifications.channels.message import OutgoingMessage
from notifications.channels.mime import html_of, subject_of, text_of, thread_headers
from smartagent.outbound.errors import unreachable


class EmailForm(forms.Form):
    to = forms.EmailField(
        label="To", help_text="Recipient address.", widget=OneLineField(placeholder="oncall@example.com").widget
    )


class Email(ChannelKind):
    kind = "email"
    label = "E-mail"
    help = "Sends e-mail through the mail server of this installation."
    icon = "mail"
    form = EmailForm
    max_per_host = 8  # connections, of which mail servers allow one client only a few

    def send(self, message: OutgoingMessage, address: Address) -> Receipt:
        try:
            with mail_connection() as connection:
                mail_of(message, address["to"], connection).send()
        except smtplib.SMTPException as error:
            raise _refusal(error) from None
        except OSError as error:
            raise unreachable(f"The mail server did not respond: {error.strerror or error}.", error) from None
        return Receipt(code=250, excerpt="Accepted by the mail server.")

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        return text_of(message)

    def where(self, address: Address) -> str:
        return str(address["to"])


def mail_of(message: OutgoingMessage, to: str, connection: Any) -> EmailMultiAlternatives:
    """The mail, as text and as HTML, with the headers that thread it and let one unsubscribe."""
    mail = EmailMultiAlternatives(
        subject_of(message), text_of(message), to=[to], headers=thread_headers(message),
        connection=connection,
    )  # fmt: skip
    mail.attach_alternative(html_of(message), "text/html")
    return mail


# What is wrong with the installation rather than with the address: messages wait until that is put right.
CONFIGURATION_ERRORS = (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused)


def _refusal(error: smtplib.SMTPException) -> ChannelError:
    """4xx and a connection that broke are tried again, 5xx are not (RFC 5321, 4.2.1)."""
    code, reply = _reply(error)
    detail = f"The mail server said {code} {reply}".strip() if code else f"The mail server rejected the e-mail: {reply}"
    permanent = code is not None and code >= 500 and not isinstance(error, CONFIGURATION_ERRORS)
    return ChannelError(detail[:500].rstrip(".") + ".", permanent=permanent, code=code)


def _reply(error: Any) -> tuple[int | None, str]:
    """The code, where the server gave one, and its words."""
    code, words = getattr(error, "smtp_code", None), getattr(error, "smtp_error", None) or str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    return code if code and code > 0 else None, words.decode("utf-8", "replace") if isinstance(words, bytes) else words
