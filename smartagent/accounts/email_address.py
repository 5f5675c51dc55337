"""The e-mail address that a person signs in by: it is changed, or shown to be theirs, by a link that is sent to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from smartagent.kernel.attempts import BackOff, Blocked, attempts_key, in_words, take
from smartagent.kernel.member_role import as_owner
from smartagent.models import User

EMAIL_SALT = "smartagent.accounts.email"
EMAIL_LINK_TTL = timedelta(days=1)
EMAIL_LINKS = BackOff(free=3, first=timedelta(minutes=10), longest=timedelta(days=1))
HASH_LENGTH = 16


class EmailLinkInvalid(Exception):
    """This link is invalid, was already used or has expired. Request a new one under “Sign-in and security”."""


class EmailTaken(Exception):
    """An account with this e-mail address already exists."""


class TooManyLinks(Exception):
    """Too many links were sent; the message says until when."""


class MailNotSent(Exception):
    """The e-mail could not be sent. Try again later, or ask an administrator."""


@dataclass(frozen=True, slots=True)
class EmailLink:
    """Whose address is to become `email`, and what it was when the link was requested."""

    person: User
    email: str

    @property
    def is_change(self) -> bool:
        """Whether another address is to be set; otherwise the present one is shown to be theirs."""
        return self.email != self.person.email


def sends_mail() -> bool:
    """Whether there is a mail server."""
    return not str(settings.EMAIL_BACKEND).endswith(("console.EmailBackend", "dummy.EmailBackend"))


def is_verified(person: Any) -> bool:
    """Whether the present address was shown to be theirs."""
    return bool(EmailAddress.objects.filter(user=person, email__iexact=person.email, verified=True).exists())


@as_owner()  # whoever it is
def _is_taken(email: str) -> bool:
    return bool(User.objects.with_email(email).exists())


def send_link(person: User, email: str, now: datetime) -> None:
    """Send a link to `email` by which it becomes the address of the person. TooManyLinks, MailNotSent.

    An address that has an account is told so instead: who asks does not learn who else has one.
    """
    try:
        take([(attempts_key("email-links", str(person.pk)), EMAIL_LINKS)], now)
    except Blocked as blocked:
        raise TooManyLinks(f"Too many links were sent. Try again in {in_words(blocked.seconds)}.") from None
    if email != person.email and _is_taken(email):
        _send("accounts/email_taken", email, {"email": email})
        return
    token = signing.dumps([str(person.pk), person.email, email, _state_of(person)], salt=EMAIL_SALT, compress=True)
    address = settings.SITE_URL + reverse("confirm_email", args=[token])
    _send("accounts/email_link", email, {"person": person, "email": email, "address": address})


def read_link(token: str) -> EmailLink:
    """The content of a link; EmailLinkInvalid where it is too old, or the address or the password has changed since."""
    try:
        key, old, email, state = signing.loads(token, salt=EMAIL_SALT, max_age=EMAIL_LINK_TTL)
    except (signing.BadSignature, ValueError, TypeError):
        raise EmailLinkInvalid(EmailLinkInvalid.__doc__) from None
    person = User.objects.filter(pk=key, email=old, is_active=True, is_service_account=False).first()
    if person is None or _state_of(person) != state:
        raise EmailLinkInvalid(EmailLinkInvalid.__doc__)
    return EmailLink(person, email)


def confirm(link: EmailLink) -> str:
    """Set the address and note that it is theirs; return the one before. EmailTaken."""
    person, old = link.person, link.person.email
    try:
        with transaction.atomic():
            User.objects.filter(pk=person.pk).update(email=link.email)
            EmailAddress.objects.filter(user=person).delete()
            EmailAddress.objects.create(user=person, email=link.email, verified=True, primary=True)
    except IntegrityError:
        raise EmailTaken(EmailTaken.__doc__) from None
    person.email = link.email
    return old


def tell_old_address(person: User, old: str) -> None:
    """Notify the previous address that it no longer signs in; without a mail server nobody is notified."""
    _send("accounts/email_changed", old, {"person": person}, fail_silently=True)


def _state_of(person: User) -> str:
    """What changes with the password: a link that somebody requested before a new password is not worth anything."""
    return str(person.get_session_auth_hash())[:HASH_LENGTH]


def _send(template: str, email: str, context: dict[str, Any], *, fail_silently: bool = False) -> None:
    subject = render_to_string(f"{template}_subject.txt", context).strip()
    text = render_to_string(f"{template}.txt", context)
    try:
        send_mail(subject, text, None, [email], fail_silently=fail_silently)
    except (OSError, SMTPException):
        if not fail_silently:
            raise MailNotSent(MailNotSent.__doc__) from None
