"""The form of a silence: matchers and schedule, with or without JavaScript."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from rules.models import AutomationRule, Silence
from rules.pages.forms.silence_fields import LabelMatchersField, LocalTimeField, PersonField, SilencedRuleField
from rules.silences.limits import number_problem, people_of
from rules.silences.phrases import PRESETS, zone_of
from rules.silences.validation import silence_errors
from rules.silences.windows import moment_of
from smartagent.kernel.durations import DurationFormField
from smartagent.shell.second_save import SecondSaveMixin
from smartagent.shell.time_zone_field import TimeZoneField

SILENCE_DURATIONS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "24h": timedelta(hours=24)}
LENGTH_CHOICES = [("1h", "1 hour"), ("4h", "4 hours"), ("24h", "24 hours"), ("until", "until the end time below")]
REPEATS = [
    ("", "Once"),
    ("FREQ=DAILY", "Every day"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Monday to Friday"),
    ("FREQ=WEEKLY;BYDAY=SA,SU", "Saturday and Sunday"),
    ("FREQ=WEEKLY", "Every week, on the weekday of the start"),
    ("custom", "Custom (iCalendar RRULE)"),
]
MATCHERS = ("rule", "metric", "labels", "person", "user", "everything")
SCHEDULE_FIELDS = ("repeats", "recurrence", "starts", "length", "ends", "duration", "time_zone")


class SilenceForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Creates or edits a silence. `maker` is the person, `given` the values from the URL; the admin class sets them."""

    maker: Any = None
    given: Mapping[str, Any] = {}

    rule = SilencedRuleField("known-rules", label="Rule", help_text="Rule name or ID. Empty: any rule.")
    metric = forms.CharField(
        required=False, help_text="Rules with this metric in any condition. Empty: any metric.",
        widget=UnfoldAdminTextInputWidget(attrs={"list": "known-metrics", "autocomplete": "off"}),
    )  # fmt: skip
    labels = LabelMatchersField(
        required=False, help_text="Rules or series with all of these labels, for example team=db, host=web-1.",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "team=db"}),
    )  # fmt: skip
    person = PersonField("known-people", label="Person", help_text="Only readings of this person: name or e-mail.")
    user = PersonField("known-people", label="Rule owner", help_text="Name or e-mail. Empty: rules of all owners.")
    everything = forms.BooleanField(required=False, widget=UnfoldBooleanWidget(), help_text="Silence everything")
    repeats = forms.ChoiceField(required=False, choices=REPEATS, widget=UnfoldAdminSelectWidget())
    recurrence = forms.CharField(
        required=False, label="RRULE", help_text="iCalendar RRULE, for example FREQ=MONTHLY;BYDAY=2SU.",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "FREQ=MONTHLY;BYDAY=2SU"}),
    )  # fmt: skip
    starts = LocalTimeField(label="From", help_text="For a recurring silence: earliest start of the first window.")
    length = forms.ChoiceField(
        required=False, label="For", choices=LENGTH_CHOICES, initial="1h", widget=UnfoldAdminSelectWidget()
    )
    ends = LocalTimeField(label="Until", help_text="For a recurring silence: no window starts after this time.")
    duration = DurationFormField(
        required=False, label="Window duration", help_text="For example 2h or 8h.",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2h"}),
    )  # fmt: skip
    time_zone = TimeZoneField(label="Time zone", help_text="Time zone of the times above and of recurring windows.")

    class Meta:
        model = Silence
        fields = ("comment", "rule", "metric", "labels", "person", "user", "recurrence", "duration", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = timezone.now()
        adding = self.instance._state.adding
        self.initial = (_fresh(self.maker, self.now) if adding else typed(self.instance)) | dict(self.given)
        comment = self.fields.get("comment")
        if comment:
            comment.widget = UnfoldAdminTextInputWidget(attrs={"placeholder": "Database upgrade", "maxlength": "1000"})
            comment.error_messages["required"] = "Enter a comment, for example: Database upgrade."
        self._limit_choices()
        self.would_be = Silence()

    def _limit_choices(self) -> None:
        people = people_of(self.maker)
        among = {"rule": AutomationRule.objects.changeable_by(self.maker), "person": people, "user": people}
        for name, rows in among.items():
            if name in self.fields:
                self.fields[name].among = rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        repeats = cleaned.get("repeats") or ""
        cleaned["recurrence"] = cleaned.get("recurrence", "") if repeats == "custom" else repeats
        if not repeats:
            cleaned["duration"] = None
        self._set_times(cleaned, bool(repeats))
        self.would_be = self._silence(cleaned)
        if repeats == "custom" and not cleaned["recurrence"] and "recurrence" not in self.errors:
            self.add_error(
                "recurrence", "Enter an RRULE, for example FREQ=MONTHLY;BYDAY=2SU, or choose another recurrence."
            )
        if self.instance._state.adding and (problem := number_problem(self.maker, self.now)):
            self.add_error(None, problem)
        errors = silence_errors(self.would_be, self.maker, self.now, everything=bool(cleaned.get("everything")))
        for name, messages in errors.items():
            field = self._field_of(name)
            if field not in self.errors:
                self.add_error(field, messages)
        cleaned["recurrence"] = self.would_be.recurrence
        self.instance.starts_at, self.instance.ends_at = self.would_be.starts_at, self.would_be.ends_at
        return cleaned

    def names_something(self) -> bool:
        """Whether it has a matcher."""
        given = self.would_be
        matchers = given.rule_id or given.metric or given.person_id or given.labels
        return bool(matchers or self.cleaned_data.get("everything"))

    def matcher_problems(self) -> list[str]:
        """The errors of its matchers."""
        return [str(message) for name in MATCHERS for message in self.errors.get(name, ())]

    def time_problems(self) -> list[str]:
        """The errors of its schedule."""
        return [str(message) for name in SCHEDULE_FIELDS for message in self.errors.get(name, ())]

    def _set_times(self, cleaned: dict[str, Any], recurs: bool) -> None:
        try:
            zone = ZoneInfo(cleaned.get("time_zone") or "UTC")
        except (KeyError, ValueError):
            return
        starts, ends, length = cleaned.get("starts"), cleaned.get("ends"), cleaned.get("length") or "until"
        if not starts and "starts" not in self.errors:
            self.add_error("starts", "Enter a start time.")
        cleaned["starts_at"] = _moment(starts, zone)
        if not recurs and length in SILENCE_DURATIONS:
            cleaned["ends_at"] = cleaned["starts_at"] + SILENCE_DURATIONS[length] if cleaned["starts_at"] else None
            self.errors.pop("ends", None)  # what stands there is not asked for
            return
        if not ends and "ends" not in self.errors:
            self.add_error("ends", "Enter an end time. Every silence needs an end.")
        cleaned["ends_at"] = _moment(ends, zone)

    def _silence(self, cleaned: Mapping[str, Any]) -> Silence:
        owner = cleaned.get("user") if "user" in self.fields else self._only_owner()
        times: dict[str, Any] = {name: cleaned.get(name) for name in ("starts_at", "ends_at")}
        return Silence(
            user=owner, created_by=self.instance.created_by or self.maker, comment=cleaned.get("comment") or "",
            rule=cleaned.get("rule"), metric=cleaned.get("metric") or "", person=cleaned.get("person"),
            labels=cleaned.get("labels") or {}, recurrence=cleaned.get("recurrence") or "",
            duration=cleaned.get("duration"), time_zone=cleaned.get("time_zone") or "UTC", **times,
        )  # fmt: skip

    def _only_owner(self) -> Any:
        return self.maker if self.instance._state.adding else self.instance.user

    def _field_of(self, name: str) -> str | None:
        once = not self.would_be.recurrence
        quick = once and self.cleaned_data.get("length") in SILENCE_DURATIONS
        field = {"starts_at": "starts", "ends_at": "length" if quick else "ends"}.get(name, name)
        if field == "everything" and field not in self.fields:
            field = "rule"
        return field if field in self.fields else None


def typed(silence: Silence) -> dict[str, Any]:
    """The form values of a stored silence."""
    zone = zone_of(silence)
    recurrence = silence.recurrence
    return {
        "comment": silence.comment, "rule": silence.rule_id, "metric": silence.metric, "labels": silence.labels,
        "person": silence.person_id, "user": silence.user_id, "time_zone": silence.time_zone,
        "repeats": recurrence if recurrence in PRESETS or not recurrence else "custom", "recurrence": recurrence,
        "starts": _clock(silence.starts_at, zone), "length": "until", "ends": _clock(silence.ends_at, zone),
        "duration": silence.duration or "",
        "everything": not (silence.rule_id or silence.metric or silence.labels or silence.person_id),
    }  # fmt: skip


def _fresh(maker: Any, now: datetime) -> dict[str, Any]:
    name = maker.time_zone if maker is not None else "UTC"
    return {"starts": _clock(now, ZoneInfo(name)), "length": "1h", "repeats": "", "time_zone": name}


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _moment(wall: datetime | None, zone: ZoneInfo) -> datetime | None:
    try:
        return moment_of(wall, zone) if wall else None
    except OverflowError:
        return None
