"""Of two people who save the same form, the second is asked: the form carries the version of what it showed.

As If-Match does for programs. The form of a rule has a page of its own for that, which merges both.
"""

from typing import Any, ClassVar

from django import forms

from smartagent.kernel.row_version import row_version

SEEN = "seen_version"
NOT_SAVED = ("_more", "_test", "_try", "_preview")  # buttons that look, or show more of the form
ASKED = "Not saved yet: somebody else has saved this since you opened it."
HOW = "Save again to replace that with what you entered."
MAX_SHOWN = 80


class SeenVersionField(forms.CharField):
    """The version of what the form showed, hidden in it."""

    def __init__(self, version: str) -> None:
        super().__init__(required=False, max_length=64, widget=forms.HiddenInput, initial=version)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SecondSaveMixin:
    """For forms that edit a row; templates place `seen_version`.

    `versioned_also`: columns with no field of the form.
    """

    versioned_also: ClassVar[tuple[str, ...]] = ()
    is_asked = False  # whether the form is shown again because somebody else has saved it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form: Any = self
        row = getattr(form, "instance", None)
        if row is not None and not row._state.adding:
            self.carry_version(row_version(row, self._versioned(row)))

    def carry_version(self, version: str) -> None:
        """Let the form carry the version of what is stored now."""
        form: Any = self
        form.fields[SEEN] = SeenVersionField(version)

    def clean_seen_version(self) -> str:
        """Refuse the save where the form showed another version than is stored; the next save then goes through."""
        form: Any = self
        seen, stored = form.cleaned_data[SEEN], form.fields[SEEN].initial
        if seen and seen != stored and not any(name in form.data for name in NOT_SAVED):
            form.data = form.data.copy()
            form.data[form.add_prefix(SEEN)] = stored
            self.is_asked = True
            form.add_error(None, forms.ValidationError(self._question(), code="changed"))
        return str(seen)

    def _versioned(self, row: Any) -> list[str]:
        recorded = getattr(row, "recorded_fields", None)
        if recorded is not None:
            return [*recorded, *row.recorded_secrets]
        form: Any = self
        known = {field.name for field in row._meta.get_fields()}
        return [*(name for name in form._meta.fields or () if name in known), *self.versioned_also]

    def _question(self) -> str:
        form: Any = self
        shown = {form[name].label: _shown(form[name]) for name in form.changed_data if not _is_secret(form[name])}
        stored = "; ".join(f"{label}: {now}" for label, (now, typed) in shown.items() if now != typed)
        return " ".join(filter(None, [ASKED, stored and f"Stored now: {stored}.", HOW]))


def _shown(bound: forms.BoundField) -> tuple[str, str]:
    """The stored value of a field and what was entered, as people read them."""
    return _text(bound.field, bound.initial), _text(bound.field, bound.value())


def _text(field: Any, value: Any) -> str:
    shown = field.widget.format_value(field.prepare_value(value))
    texts = [str(each) for each in shown] if isinstance(shown, list) else ["" if shown is None else str(shown)]
    names = {str(key): str(name) for key, name in getattr(field.widget, "choices", ())}
    text = ", ".join(names.get(each, each) for each in texts)
    if isinstance(field, forms.BooleanField):
        return "yes" if field.to_python(value) else "no"
    return (text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…") or "none"


def _is_secret(field: forms.BoundField) -> bool:
    return isinstance(field.field.widget, forms.PasswordInput) or "data-secret" in field.field.widget.attrs
