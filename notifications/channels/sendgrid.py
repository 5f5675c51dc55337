"""E-mail by SendGrid's API, version 3.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator

from notifications.channels import Address, HTTPChannel, HTTPRequest, as_json, facts_of, unexpected
from notifications.channels.fields import OneLineField, SecretField
from notifications.channels.message import OutgoingMessage
from notifications.channels.mime import html_of, subject_of, text_of, thread_headers
from smartagent.outbound.client import Answer

ACCEPTED = 202
SENDGRID_KEY = RegexValidator(
    r"\ASG\.[A-Za-z0-9_.-]+\Z", "A SendGrid key starts with SG. and has letters, digits, dots, - and _."
)


class SendGridForm(forms.Form):
    to = forms.EmailField(label="To", widget=OneLineField(placeholder="oncall@example.com").widget)
    sender = forms.EmailField(
        label="From",
        help_text="A sender address verified by SendGrid.",
        widget=OneLineField(placeholder="a@b.c").widget,
    )
    key = SecretField(
        label="API key", help_text="API key with the “Mail Send” permission; starts with SG.", validators=[SENDGRID_KEY]
    )


class SendGrid(HTTPChannel):
    kind = "sendgrid"
    label = "E-mail (SendGrid)"
    help = "Sends e-mail through the SendGrid API."
    icon = "outgoing_mail"
    form = SendGridForm
    secrets = ("key",)

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        mail: dict[str, Any] = {
            "personalizations": [{"to": [{"email": address["to"]}], "custom_args": {"delivery": message.id}}],
            "from": {"email": address["sender"], "name": "Smart Agent"}, "subject": subject_of(message),
            "content": [{"type": f"text/{kind}", "value": write(message)}
                        for kind, write in (("plain", text_of), ("html", html_of))],
            "headers": {name: value for name, value in thread_headers(message).items() if name != "Message-ID"},
        }  # fmt: skip
        return HTTPRequest(
            url=f"{settings.SENDGRID_URL}/v3/mail/send", **as_json(mail, Authorization=f"Bearer {address['key']}")
        )

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        return text_of(message)

    def where(self, address: Address) -> str:
        return str(address["to"])

    def check(self, answer: Answer) -> None:
        if answer.code != ACCEPTED:  # 200 is what its sandbox answers, which sends nothing
            raise unexpected(answer, f"SendGrid answers {ACCEPTED} to accepted messages")

    def words(self, answer: Answer) -> str:
        errors = facts_of(answer).get("errors")
        return " ".join(str(each.get("message", "")) for each in errors if isinstance(each, dict)) if errors else ""
