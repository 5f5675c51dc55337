"""The form of a channel: common fields, and those of its kind. Secrets are never shown again."""

from typing import Any

from django import forms
from django.utils.safestring import mark_safe
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from notifications.channels.credentials import ENTER_AGAIN, known_of, make
from notifications.models import Channel
from notifications.registries import channels
from notifications.templating import NotWorded, check
from smartagent.shell.locked_secrets import lock_field
from smartagent.shell.second_save import SecondSaveMixin

UNCHANGED_IF_EMPTY = "Empty: unchanged."
MADE = "Shown once after saving."
ONE_OF_THEM = "Enter a key or generate one, not both."


class ChannelForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Name, order and enabled, plus the fields of the kind. `lock` says why secrets cannot be changed now."""

    class Meta:
        model = Channel
        fields = ("name", "position", "enabled", "title_template", "body_template")
        labels = {"title_template": "Title", "body_template": "Text"}
        help_texts = {
            "title_template": "Empty: default title. For example: {{ severity | upcase }} {{ rule_name }}",
            "body_template": "Empty: default text.",
        }
        widgets = {
            "name": UnfoldAdminTextInputWidget(attrs={"placeholder": "my phone", "autocomplete": "off"}),
            "position": UnfoldAdminIntegerFieldWidget(attrs={"min": 0, "max": 99}),
            "enabled": UnfoldBooleanSwitchWidget(),
            "title_template": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
            "body_template": UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
        }

    def __init__(self, data: Any = None, *, channel: Channel, lock: str = "") -> None:
        super().__init__(data, instance=channel)
        self.lock = lock
        self.fresh = channel._state.adding
        self.kind = channels[channel.kind]
        self.known = {} if self.fresh else known_of(channel)
        self.settings = self.kind.form(data, initial=self._initial())
        for name in self.kind.secrets:
            self.settings.fields[name].widget.attrs["data-secret"] = ""  # not for the draft in the browser
            self._keep_secret(name)
        self.made: dict[str, str] = {}  # secrets that we have made, by the label of their field; to be shown once
        for name in self.kind.makes:
            self._offer_to_make(name)
        for name in self._secret_fields() if lock else ():
            lock_field(self.settings.fields[name], lock)

    def is_valid(self) -> bool:
        ours, theirs = super().is_valid(), self.settings.is_valid()
        for name in self._secret_fields() if self.lock else ():
            if self.settings[name].data:
                self.settings.add_error(name, mark_safe(self.lock))  # noqa: S308  ours, with the address escaped
        for name in self.kind.makes:
            if self.settings.cleaned_data.get(f"make_{name}") and self.settings.cleaned_data.get(name):
                self.settings.add_error(name, ONE_OF_THEM)
        for name in self.kind.bound(self.known, self.settings.cleaned_data) if theirs else ():
            if not any(self.settings.cleaned_data.get(each) for each in (name, f"remove_{name}", f"make_{name}")):
                self.settings.add_error(name, ENTER_AGAIN)
        return ours and theirs and not self.settings.errors

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        twins = Channel.objects.filter(user=self.instance.user_id, name=name).exclude(pk=self.instance.pk)
        if twins.exists():
            raise forms.ValidationError("You already have a channel with this name.")
        return name

    def clean_title_template(self) -> str:
        return _checked(self.cleaned_data["title_template"])

    def clean_body_template(self) -> str:
        return _checked(self.cleaned_data["body_template"])

    @property
    def values(self) -> dict[str, Any]:
        """Return the settings; secrets that were left empty keep their stored value."""
        typed = self.settings.cleaned_data
        given = {name: value for name, value in typed.items() if name in self.kind.form.base_fields}
        for name in self.kind.secrets:
            if typed.get(f"remove_{name}"):
                given[name] = ""
            elif not given.get(name):
                given[name] = self.known.get(name, "")
        bound = self.kind.bound(self.known, typed)
        for name in self.kind.makes:
            if typed.get(f"make_{name}"):
                given[name] = "" if name in bound else given[name]
                self.made[str(self.settings.fields[name].label)] = make(self.kind, name, given)
        return given

    @property
    def needs_secret(self) -> bool:
        """Whether nothing can be saved without a secret."""
        return any(self.settings.fields[name].required for name in self.kind.secrets)

    def _initial(self) -> dict[str, Any]:
        if self.fresh:
            return {"to": self.instance.user.email} if self.kind.kind in ("email", "sendgrid") else {}
        return {name: value for name, value in self.known.items() if name not in self.kind.secrets}

    def _keep_secret(self, name: str) -> None:
        if not self.known.get(name):
            return
        field = self.settings.fields[name]
        if not field.required:
            self._switch(f"remove_{name}", f"Remove the {str(field.label).lower()}", after=name)
        field.required, field.help_text = False, f"{field.help_text} {UNCHANGED_IF_EMPTY}"

    def _secret_fields(self) -> list[str]:
        """The fields with secrets, and the switches that remove or make them."""
        secrets = self.kind.secrets
        return [each for each in self.settings.fields if each.removeprefix("remove_").removeprefix("make_") in secrets]

    def _offer_to_make(self, name: str) -> None:
        before = self.kind.keeps_before.get(name)
        rolled = " The previous key also signs until you remove it." if before and self.known.get(name) else ""
        label = f"Generate a new {str(self.settings.fields[name].label).lower()}"
        self._switch(f"make_{name}", label, after=name, help_text=f"{MADE}{rolled}")

    def _switch(self, name: str, label: str, *, after: str, help_text: str = "") -> None:
        """Add a checkbox field after the field `after`."""
        order = list(self.settings.fields)
        self.settings.fields[name] = forms.BooleanField(
            required=False, label=label, help_text=help_text, widget=UnfoldBooleanSwitchWidget()
        )
        order.insert(order.index(after) + 1, name)
        self.settings.order_fields(order)


def _checked(source: str) -> str:
    """Return a template in stored form; ValidationError if it is invalid."""
    source = source.replace("\r\n", "\n").strip()
    try:
        check(source)
    except NotWorded as error:
        raise forms.ValidationError(str(error)) from None
    return source
