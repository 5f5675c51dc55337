"""The form of the reliability goal."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget

from notifications.models import ReliabilityGoal
from notifications.reliability.goal import GOAL_FIELDS, MAX_PERCENT, MAX_SECONDS, MIN_PERCENT
from smartagent.fields import NumberInput
from smartagent.kernel.row_version import row_version
from smartagent.shell.second_save import SecondSaveMixin


class ReliabilityGoalForm(SecondSaveMixin, forms.Form):
    """How many deliveries are to arrive, and how soon."""

    percent = NumberInput(
        min_value=MIN_PERCENT, max_value=MAX_PERCENT, decimal_places=3, max_digits=6, label="Goal",
        widget=UnfoldAdminDecimalFieldWidget, help_text="Percent of the deliveries, for example 99.5.",
    )  # fmt: skip
    seconds = forms.IntegerField(
        min_value=1, max_value=MAX_SECONDS, label="Delivered within", widget=UnfoldAdminIntegerFieldWidget,
        help_text="Seconds from the time at which it is due.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, goal: ReliabilityGoal) -> None:
        super().__init__(data, initial={"percent": f"{goal.percent:g}", "seconds": goal.seconds})
        self.carry_version(row_version(goal, GOAL_FIELDS))

    @property
    def values(self) -> dict[str, Any]:
        """What is to be kept."""
        return {"percent": float(self.cleaned_data["percent"]), "seconds": self.cleaned_data["seconds"]}
