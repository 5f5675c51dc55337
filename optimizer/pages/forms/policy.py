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
from notifications.routing.quiet_hours import WEEKDAYS, read
from optimizer.models import OptimizerPolicy
from optimizer.policy.changes import FIELDS, MAX_CHANGES_PER_DAY, MAX_REQUIRED_SUCCESSES
from smartagent.fields import NumberInput
from smartagent.kernel.row_version import row_version
from smartagent.shell.second_save import SecondSaveMixin
from smartagent.shell.time_zone_field import TimeZoneField

CLOCK_FORMAT = "%H:%M"
PeriodFormSet: Any = forms.formset_factory(QuietForm, extra=1, can_delete=True, max_num=14)


class AutomationPolicyForm(SecondSaveMixin, forms.Form):
    """What the optimizer may do by itself."""

    automatic_per_day = forms.IntegerField(
        min_value=0, max_value=MAX_CHANGES_PER_DAY, label="Max. automatic changes per person per day",
        widget=UnfoldAdminIntegerFieldWidget, help_text="Applied without approval. 0: always require approval.",
    )  # fmt: skip
    trusted_after = forms.IntegerField(
        min_value=0, max_value=MAX_REQUIRED_SUCCESSES, label="Required approved successes",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Number of improvements after approval by a person before a strategy runs automatically.",
    )  # fmt: skip
    trusted_rate = NumberInput(
        min_value=0, max_value=100, decimal_places=1, label="Minimum success rate",
        widget=UnfoldAdminDecimalFieldWidget, help_text="Percent of the measured optimizations.",
    )  # fmt: skip
    needs_another = forms.BooleanField(
        required=False, label="Approval by another person", widget=UnfoldBooleanSwitchWidget,
        help_text="Neither the affected person nor the owner of the rule can approve. Requesters can never approve.",
    )  # fmt: skip
    on_failure = forms.ChoiceField(
        choices=OptimizerPolicy.OnFailure.choices, label="When an operation fails", widget=UnfoldAdminSelectWidget,
        help_text="What happens to the operations before it.",
    )  # fmt: skip
    undo_worse = forms.BooleanField(
        required=False, label="Roll back changes that made the metric worse", widget=UnfoldBooleanSwitchWidget,
        help_text="Rolled back as soon as measured. Otherwise rollback is offered.",
    )  # fmt: skip
    window_zone = TimeZoneField(label="Time zone of the change window")

    def __init__(self, data: Any = None, *, policy: OptimizerPolicy) -> None:
        super().__init__(data, initial=_initial(policy))
        self.carry_version(row_version(policy, FIELDS))
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
        f"{', '.join(WEEKDAYS[day][:3] for day in sorted(each.days))} {_span(each.begins, each.ends)}, {zone}"
        for each in read(window)
    ]


def _span(begins: time, ends: time) -> str:
    return "all day" if begins == ends else f"{begins:{CLOCK_FORMAT}} to {ends:{CLOCK_FORMAT}}"
