"""A model of Prometheus' alerting rules, written from its documentation: active_at, `for`, `keep_firing_for`."""

from collections.abc import Iterable
from datetime import datetime, timedelta


def timeline(values: Iterable[tuple[datetime, bool]], hold: timedelta, keep: timedelta) -> list[tuple[datetime, str]]:
    """The state of an alert after each evaluation, `values` being whether its expression is true: inactive, pending or
    firing. What is kept firing is firing."""
    active_at = keep_since = None
    state, found = "inactive", []
    for at, true in values:
        if true:
            keep_since = None
            if state == "inactive":
                state, active_at = "pending", at
            if state == "pending" and at - active_at >= hold:
                state = "firing"
        elif state == "firing" and keep:
            keep_since = keep_since or at
            if at - keep_since >= keep:
                state = "inactive"
        else:
            state = "inactive"
        found.append((at, state))
    return found
