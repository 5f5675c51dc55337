"""SMS by Twilio's REST API.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

import base64
from urllib.parse import parse_qs, urlencode

from django import forms
from django.conf import settings

from notifications.channels import Address, HTTPChannel, HTTPRequest, facts_of, unexpected
from notifications.channels.fields import OneLineField, PhoneField, SecretField
from notifications.channels.message import OutgoingMessage
from smartagent.kernel.secret_mask import forms_of
from smartagent.outbound.client import Answer

MAX_LENGTH = 320  # characters: two or three parts of an SMS
NOT_SENT = ("failed", "undelivered", "canceled")
ROOM = 60  # characters that stand before a link; where it leaves fewer, it is left out
# One sign that is not in the alphabet of GSM makes every part half as long.
GSM_SUBSTITUTES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " "}
)


class SMSForm(forms.Form):
    to = PhoneField(
        label="To", placeholder="+49 30 1234567", help_text="With the country code, for example +49 30 1234567."
    )
    sender = PhoneField(label="From", placeholder="+1 555 0100", help_text="A number of your Twilio account.")
    account = OneLineField(label="Account SID", placeholder="AC…", help_text="From the Twilio console; starts with AC.")
    token = SecretField(label="Auth token", help_text="From the Twilio console.")

    def clean_account(self) -> str:
        account = str(self.cleaned_data["account"]).strip()
        if not (account.startswith("AC") and account.isalnum()):
            raise forms.ValidationError("An account SID starts with AC and has only letters and digits.")
        return account


class SMS(HTTPChannel):
    kind = "sms"
    label = "SMS (Twilio)"
    help = "Sends a text message (SMS) through Twilio."
    icon = "sms"
    form = SMSForm
    secrets = ("token",)

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        fields = {"To": address["to"], "From": address["sender"], "Body": text(message)}
        headers = {"Authorization": f"Basic {_login(address)}", "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{settings.TWILIO_URL}/2010-04-01/Accounts/{address['account']}/Messages.json"
        return HTTPRequest(url=url, body=urlencode(fields).encode(), headers=headers)

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        return parse_qs(self.outgoing(message, address).body.decode())["Body"][0]

    def where(self, address: Address) -> str:
        return str(address["to"])

    def check(self, answer: Answer) -> None:
        facts = facts_of(answer)
        if not facts.get("sid") or facts.get("status") in NOT_SENT:
            raise unexpected(answer, "Twilio answers with the SID of an accepted message")

    def words(self, answer: Answer) -> str:
        return str(facts_of(answer).get("message") or "")

    def hidden(self, address: Address) -> tuple[str, ...]:
        return (*forms_of([_login(address)]), *super().hidden(address)) if address["token"] else ()


def _login(address: Address) -> str:
    return base64.b64encode(f"{address['account']}:{address['token']}".encode()).decode()


def text(message: OutgoingMessage) -> str:
    """Title, numbers and link, in that order, within the limit; the link is whole or left out."""
    link = f" {message.url}" if 0 < len(message.url) < MAX_LENGTH - ROOM else ""
    body = " ".join(f"{message.title}: {message.plain}".split()) if message.plain else message.title
    body, numbers, maximum = (
        body.translate(GSM_SUBSTITUTES),
        message.numbers.translate(GSM_SUBSTITUTES),
        MAX_LENGTH - len(link),
    )
    if len(body) <= maximum or not numbers or numbers in _cut(body, maximum):
        return _cut(body, maximum) + link
    return f"{_cut(body, max(maximum - len(numbers) - 1, ROOM))} {numbers}"[:maximum] + link


def _cut(text: str, maximum: int) -> str:
    return text if len(text) <= maximum else text[: maximum - 3].rstrip() + "..."
