"""Choosing a time zone: a list to search in."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2Widget

NO_ZONES = {"localtime", "Factory", "posixrules", "leapseconds"}
HELP = "Times are shown in this zone. Type a part of its name to find it."


class TimeZoneField(forms.ChoiceField):
    """One of the time zones that this machine knows."""

    default_error_messages = {"invalid_choice": "“%(value)s” is not a time zone. Choose for example Europe/Berlin."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": choices, "widget": UnfoldAdminSelect2Widget(), "help_text": HELP} | kwargs)


@cache
def zone_names() -> frozenset[str]:
    """Zones that mean the same on every machine: not `localtime`, nor what is there for old systems only."""
    return frozenset(zoneinfo.available_timezones()) - NO_ZONES


def choices() -> list[tuple[str, str]]:
    """Every zone by its name, UTC first."""
    names = sorted(zone_names(), key=lambda name: (name != "UTC", name))
    return [(name, name.replace("_", " ")) for name in names]
