"""The form of preferences: matrix of channels and severities, quiet hours in rows, time of the digest."""

from datetime import datetime
from typing import Any

from django import forms

from notifications.models import Channel, Preference
from notifications.routing.preferences import checked_quiet
from notifications.routing.quiet_hours import WEEKDAYS, read
from notifications.routing.router import MODES, SEVERITIES, Subscriber, read_matrix
from smartagent.kernel.row_version import row_version
from smartagent.shell.second_save import SecondSaveMixin

SELECT_CLASSES = "sa-input"
NO_TIME = {"invalid": "Enter a time of day, for example 22:00."}


def clock(**attrs: str) -> forms.TimeInput:
    """Return an input for a time of day."""
    return forms.TimeInput(attrs={"type": "time", "class": SELECT_CLASSES, **attrs}, format="%H:%M")


class MatrixForm(SecondSaveMixin, forms.Form):
    """A choice for each channel and severity, and the time of the digest."""

    digest_at = forms.TimeField(label="Daily digest at", widget=clock(), error_messages=NO_TIME)

    def __init__(self, data: Any, *, preference: Preference, channels: list[Channel], who: Subscriber) -> None:
        super().__init__(data, initial={"digest_at": preference.digest_at})
        self.carry_version(row_version(preference, Preference.recorded_fields))
        self.channels, matrix = channels, read_matrix(preference.matrix)
        for channel in channels:
            for severity in SEVERITIES:
                kept = matrix.get(str(channel.pk), {}).get(severity, "")
                self.fields[f"{channel.pk}.{severity}"] = _choice(channel, severity, who.defaults[severity], kept)

    @property
    def rows(self) -> list[tuple[Channel, list[tuple[str, Any]]]]:
        """Return the choices of each channel, by severity."""
        return [
            (channel, [(severity, self[f"{channel.pk}.{severity}"]) for severity in reversed(SEVERITIES)])
            for channel in self.channels
        ]

    @property
    def matrix(self) -> dict[str, dict[str, str]]:
        """Return the matrix in stored form: only choices other than the default."""
        found: dict[str, dict[str, str]] = {}
        for channel in self.channels:
            for severity in SEVERITIES:
                if mode := self.cleaned_data.get(f"{channel.pk}.{severity}"):
                    found.setdefault(str(channel.pk), {})[severity] = mode
        return found


def _choice(channel: Channel, severity: str, usual: str, kept: str) -> forms.ChoiceField:
    label = f"{channel.name}: {severity}"
    widget = forms.Select(attrs={"class": SELECT_CLASSES, "aria-label": label})
    choices = [("", f"default: {MODES[usual]}"), *MODES.items()]
    return forms.ChoiceField(required=False, label=label, choices=choices, initial=kept, widget=widget)


class QuietForm(forms.Form):
    """One row of quiet hours; an empty row is ignored."""

    begins = forms.TimeField(required=False, label="From", widget=clock(), error_messages=NO_TIME)
    ends = forms.TimeField(required=False, label="until", widget=clock(), error_messages=NO_TIME)
    days = forms.TypedMultipleChoiceField(
        required=False, coerce=int, choices=[(number, name[:3]) for number, name in enumerate(WEEKDAYS)],
        label="on", widget=forms.CheckboxSelectMultiple(),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if self.errors or not any(value not in (None, []) for value in found.values()):
            return found
        for name, wanted in (("begins", "the start"), ("ends", "the end"), ("days", "the days")):
            if found.get(name) in (None, []):
                self.add_error(name, f"Enter {wanted} too.")
        return found

    @property
    def period(self) -> dict[str, Any] | None:
        """Return the quiet hours in stored form; None for an empty or invalid row."""
        found = getattr(self, "cleaned_data", {})
        if not self.is_valid() or found.get("begins") is None or found.get("DELETE"):
            return None
        return {"days": found["days"], "from": f"{found['begins']:%H:%M}", "until": f"{found['ends']:%H:%M}"}


class QuietRows(forms.BaseFormSet):  # type: ignore[type-arg]
    """The rows of quiet hours; together they must not cover the whole week."""

    def __init__(self, data: Any, *, preference: Preference, who: Subscriber, now: datetime) -> None:
        kept = read(preference.quiet)
        rows = [{"begins": quiet.begins, "ends": quiet.ends, "days": sorted(quiet.days)} for quiet in kept]
        super().__init__(data, initial=rows, prefix="quiet")
        self.who, self.now = who, now

    @property
    def periods(self) -> list[dict[str, Any]]:
        """Return the valid quiet hours in stored form."""
        return [period for form in self.forms if (period := form.period)]

    def clean(self) -> None:
        if any(self.errors):
            return
        try:
            checked_quiet(self.periods, self.who, self.now)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


QuietFormSet: Any = forms.formset_factory(QuietForm, formset=QuietRows, extra=1, can_delete=True, max_num=21)
