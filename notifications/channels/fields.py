"""Form fields shared by channels."""

import re
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from smartagent.outbound.client import check_url
from smartagent.outbound.errors import AddressRefused

PHONE = re.compile(r"^\+[1-9]\d{6,14}$")  # E.164


class OneLineField(forms.CharField):
    """A single-line text field in the style of the site."""

    def __init__(self, *, placeholder: str = "", **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder, "autocomplete": "off"})
        super().__init__(**{"max_length": 2000, "widget": widget} | kwargs)


class SecretField(forms.CharField):
    """A secret: entered once, never shown again."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        super().__init__(**{"max_length": 2000, "widget": widget} | kwargs)


class AddressField(OneLineField):
    """A URL with https, or http within the local network."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).strip()
        return checked_address(text) if text else ""


class SecretAddressField(SecretField):
    """A URL that is itself a secret: whoever knows it can post there."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).strip()
        return checked_address(text) if text else ""


class PhoneField(OneLineField):
    """A telephone number in international form (E.164)."""

    def clean(self, value: Any) -> str:
        text = re.sub(r"[\s()./-]", "", str(super().clean(value)))
        if text and not PHONE.match(text):
            raise forms.ValidationError("Enter the number with the country code, for example +49 30 1234567.")
        return text


def checked_address(text: str) -> str:
    """Validate `text` as a URL; return it, or raise ValidationError."""
    try:
        check_url(text)
    except AddressRefused as error:
        raise forms.ValidationError(str(error)) from None
    return text
