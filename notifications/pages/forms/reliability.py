"""The form of the reliability goal."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
)

from notifications.models import Channel, ReliabilityGoal
from notifications.registries import channels
from notifications.reliability.goal import GOAL_FIELDS, MAX_PERCENT, MAX_SECONDS, MIN_PERCENT, markable
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

    test_channels = forms.MultipleChoiceField(
        required=False, label="Test channels", widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="The self-test sends to these. Choose places where a message disturbs nobody.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, goal: ReliabilityGoal, user: Any) -> None:
        initial = {"percent": f"{goal.percent:g}", "seconds": goal.seconds, "test_channels": goal.test_channels}
        super().__init__(data, initial=initial)
        offered = [(str(channel.pk), _label(channel, user)) for channel in markable(goal, user)]
        self.fields["test_channels"].choices = offered  # type: ignore[attr-defined]
        if not offered:
            self.fields[
                "test_channels"
            ].help_text = "You have no enabled channel. The self-test sends to test channels."
        self.carry_version(row_version(goal, GOAL_FIELDS))

    @property
    def values(self) -> dict[str, Any]:
        """What is to be kept."""
        return {
            "percent": float(self.cleaned_data["percent"]), "seconds": self.cleaned_data["seconds"],
            "test_channels": sorted(self.cleaned_data["test_channels"]),
        }  # fmt: skip


def _label(channel: Channel, user: Any) -> str:
    kind = channels[channel.kind].label if channel.kind in channels else channel.kind
    return f"{channel.name} ({kind})" + (f" of {channel.user}" if channel.user_id != user.pk else "")
