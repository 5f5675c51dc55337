"""A form field for a time zone, as a searchable list."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2Widget

NO_ZONES = {"localtime", "Factory", "posixrules", "leapseconds"}
HELP = "Times are shown in this zone. Type a part of its name to find it."


class TimeZoneField(forms.ChoiceField):
    """One of the time zones of this machine."""

    default_error_messages = {"invalid_choice": "“%(value)s” is not a time zone. Choose for example Europe/Berlin."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": choices, "widget": UnfoldAdminSelect2Widget(), "help_text": HELP} | kwargs)


@cache
def zone_names() -> frozenset[str]:
    """Return the zones that mean the same on every machine: no `localtime`, no names for old systems."""
    return frozenset(zoneinfo.available_timezones()) - NO_ZONES


def choices() -> list[tuple[str, str]]:
    """Return all zones as choices, UTC first."""
    names = sorted(zone_names(), key=lambda name: (name != "UTC", name))
    return [(name, name.replace("_", " ")) for name in names]
