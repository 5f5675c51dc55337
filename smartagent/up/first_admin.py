"""The first administrator."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from smartagent.models import User
from smartagent.up import CannotStart

EMAIL = "admin@example.com"


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """Who was made; `password` only where it was generated, to be shown once."""

    email: str
    password: str | None


def make_first_admin(email: str | None, password: str | None) -> FirstAdmin | None:
    """Make an administrator where there is none, with the given or a generated password; None where there is one."""
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return None
    email = User.objects.normalize_email(email or EMAIL)
    _check(email, password)
    known = User.objects.filter(email__iexact=email).first()
    admin = known or User(email=email, full_name="Administrator")
    admin.is_staff = admin.is_superuser = admin.is_active = True
    generated = None if password else secrets.token_urlsafe(15)
    admin.set_password(password or generated)
    admin.save()
    return FirstAdmin(email, generated)


def _check(email: str, password: str | None) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise CannotStart(f"ADMIN_EMAIL={email!r} is not an e-mail address. Example: {EMAIL}.") from None
    try:
        if password:
            validate_password(password, User(email=email))
    except ValidationError as error:
        raise CannotStart("ADMIN_PASSWORD: " + " ".join(error.messages)) from None
