"""The form of an escalation policy: name, repetitions, and a row for each step."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from notifications.escalations.steps import MAX_ESCALATION_STEPS, MAX_REPEATS, EscalationStep, read
from notifications.escalations.validation import count_problem, kept, step_problems
from notifications.models import EscalationPolicy
from notifications.routing.recipients_field import RecipientsField
from smartagent.kernel.durations import DurationFormField
from smartagent.shell.second_save import SecondSaveMixin


class StepForm(forms.Form):
    """One step; an empty row is ignored."""

    after = DurationFormField(
        required=False, label="Wait for",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "15m", "autocomplete": "off"}),
    )  # fmt: skip
    to = RecipientsField(
        required=False, label="Then notify",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "ada@example.com, group:operators, channel:Pager"}),
    )  # fmt: skip

    @property
    def step(self) -> EscalationStep | None:
        """Return the step, None for an empty row."""
        after, to = self.cleaned_data.get("after") or timedelta(0), self.cleaned_data.get("to") or []
        return EscalationStep(after, tuple(to)) if after or to else None


class EscalationPolicyForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Creates or edits a policy. `maker`: the person; `rows`: the number of rows for steps."""

    class Meta:
        model = EscalationPolicy
        fields = ("name", "repeats")
        widgets = {
            "name": UnfoldAdminTextInputWidget(attrs={"placeholder": "Nights", "autocomplete": "off"}),
            "repeats": UnfoldAdminIntegerFieldWidget(attrs={"min": 0, "max": MAX_REPEATS}),
        }
        error_messages = {"name": {"unique": "A policy with this name already exists. Choose another name."}}

    def __init__(self, data: Any = None, *, policy: EscalationPolicy, maker: Any) -> None:
        super().__init__(data, instance=policy)
        self.maker = maker
        if not policy._state.adding:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = "Rules refer to the policy by its name, so it cannot be changed."
        steps = read(policy.steps)
        self.rows = self._rows(data, steps)

    def is_valid(self) -> bool:
        return super().is_valid() and all(row.is_valid() for row in self.rows) and not self.errors

    def clean_repeats(self) -> int:
        repeats = int(self.cleaned_data.get("repeats") or 0)
        if repeats > MAX_REPEATS:
            raise forms.ValidationError(f"At most {MAX_REPEATS} times.")
        return repeats

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        steps = [step for row in self.rows if row.is_valid() and (step := self._checked(row))]
        if all(row.is_valid() for row in self.rows) and (problem := count_problem(steps)):
            self.add_error(None, problem)
        self.instance.steps = kept(steps, self.instance.user)
        return cleaned

    def _checked(self, row: StepForm) -> EscalationStep | None:
        if (step := row.step) is None:
            return None
        for name, problems in step_problems(step, self.instance.user, self.maker).items():
            row.add_error(name, problems)
        return step

    def _rows(self, data: Any, steps: Sequence[EscalationStep]) -> list[StepForm]:
        if data is None:
            shown: list[dict[str, Any]] = [{"after": step.after, "to": list(step.to)} for step in steps]
            return [
                StepForm(prefix=f"step-{n}", initial=initial)
                for n, initial in enumerate([*shown, {}][:MAX_ESCALATION_STEPS])
            ]
        count = sum(f"step-{n}-to" in data for n in range(MAX_ESCALATION_STEPS))
        more = "_more" in data and count < MAX_ESCALATION_STEPS
        return [StepForm(data, prefix=f"step-{n}") for n in range(count + more)]
