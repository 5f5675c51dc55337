"""The form of the policy: its guard-rails, and the change window in rows."""

from datetime import time
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)  # fmt: skip

from notifications.pages.forms.preferences import QuietForm
from notifications.routing.quiet_hours import DAYS, read
from optimizer.models import OptimizerPolicy
from optimizer.policy.changes import MOST_PER_DAY, MOST_SUCCESSES
from smartagent.fields import NumberInput
from smartagent.shell.time_zone_field import TimeZoneField

CLOCK = "%H:%M"
PeriodFormSet: Any = forms.formset_factory(QuietForm, extra=1, can_delete=True, max_num=14)


class AutomationPolicyForm(forms.Form):
    """What the optimizer may do by itself."""

    automatic_per_day = forms.IntegerField(
        min_value=0, max_value=MOST_PER_DAY, label="At most so many a day for one person",
        widget=UnfoldAdminIntegerFieldWidget, help_text="Applied without a person. 0: none is.",
    )  # fmt: skip
    trusted_after = forms.IntegerField(
        min_value=0, max_value=MOST_SUCCESSES, label="After so many successes by hand",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="A strategy has to have helped so often after a person approved it.",
    )  # fmt: skip
    trusted_rate = NumberInput(
        min_value=0, max_value=100, decimal_places=1, label="With at least so many percent that helped",
        widget=UnfoldAdminDecimalFieldWidget, help_text="Of all that could be measured.",
    )  # fmt: skip
    needs_another = forms.BooleanField(
        required=False, label="Another person approves", widget=UnfoldBooleanSwitchWidget,
        help_text="Neither whom it concerns nor the owner of the rule. Who asked for it never approves it.",
    )  # fmt: skip
    on_failure = forms.ChoiceField(
        choices=OptimizerPolicy.OnFailure.choices, label="When an operation fails", widget=UnfoldAdminSelectWidget,
        help_text="The operations before it.",
    )  # fmt: skip
    undo_worse = forms.BooleanField(
        required=False, label="Roll back what made it worse", widget=UnfoldBooleanSwitchWidget,
        help_text="As soon as that is measured. Otherwise it is offered.",
    )  # fmt: skip
    window_zone = TimeZoneField(label="Time zone of the change window")

    def __init__(self, data: Any = None, *, policy: OptimizerPolicy) -> None:
        super().__init__(data, initial=_initial(policy))
        kept = [{"begins": one.begins, "ends": one.ends, "days": sorted(one.days)} for one in read(policy.window)]
        self.rows = PeriodFormSet(data, initial=kept, prefix="window")

    def is_valid(self) -> bool:
        return super().is_valid() and bool(self.rows.is_valid())

    @property
    def values(self) -> dict[str, Any]:
        """What is to be kept."""
        rate = round(float(self.cleaned_data["trusted_rate"]) / 100, 4)
        window = [period for row in self.rows if (period := row.period)]
        return self.cleaned_data | {"trusted_rate": rate, "window": window}


def _initial(policy: OptimizerPolicy) -> dict[str, Any]:
    same = ("automatic_per_day", "trusted_after", "needs_another", "on_failure", "undo_worse", "window_zone")
    return {name: getattr(policy, name) for name in same} | {"trusted_rate": f"{100 * policy.trusted_rate:g}"}


def window_in_words(window: Any, zone: str) -> list[str]:
    """Each period in words: `Sat, Sun 22:00 to 06:00, Europe/Berlin`."""
    return [
        f"{', '.join(DAYS[day][:3] for day in sorted(each.days))} {_span(each.begins, each.ends)}, {zone}"
        for each in read(window)
    ]


def _span(begins: time, ends: time) -> str:
    return "all day" if begins == ends else f"{begins:{CLOCK}} to {ends:{CLOCK}}"
