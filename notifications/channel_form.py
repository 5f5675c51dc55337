"""The form of a channel: what all have, and what its kind asks for. What is secret is never shown again."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from notifications.outgoing import Channel
from notifications.registries import channels
from notifications.secrets import values_of
from notifications.wording import NotWorded, check
from smartagent.secrets import SecretLost

STAYS = "Empty: it stays as it is."


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, order and whether it is in use; the fields of the kind stand beside these."""

    class Meta:
        model = Channel
        fields = ("name", "position", "enabled", "title_template", "body_template")
        labels = {"title_template": "Title", "body_template": "Text"}
        help_texts = {
            "title_template": "Empty: the usual title. For example: {{ severity|upper }} {{ rule_name }}",
            "body_template": "Empty: the usual text.",
        }
        widgets = {
            "name": UnfoldAdminTextInputWidget(attrs={"placeholder": "my phone", "autocomplete": "off"}),
            "position": UnfoldAdminIntegerFieldWidget(attrs={"min": 0, "max": 99}),
            "enabled": UnfoldBooleanSwitchWidget(),
            "title_template": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
            "body_template": UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
        }

    def __init__(self, data: Any = None, *, channel: Channel) -> None:
        super().__init__(data, instance=channel)
        self.fresh = channel._state.adding
        self.kind = channels[channel.kind]
        self.known = {} if self.fresh else _known(channel)
        self.settings = self.kind.form(data, initial=self._initial())
        for name in self.kind.secrets:
            self._keep_secret(name)

    def is_valid(self) -> bool:
        ours, theirs = super().is_valid(), self.settings.is_valid()
        return ours and theirs

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        twins = Channel.objects.filter(user=self.instance.user_id, name=name).exclude(pk=self.instance.pk)
        if twins.exists():
            raise forms.ValidationError("You have a channel of this name already.")
        return name

    def clean_title_template(self) -> str:
        return _checked(self.cleaned_data["title_template"])

    def clean_body_template(self) -> str:
        return _checked(self.cleaned_data["body_template"])

    @property
    def values(self) -> dict[str, Any]:
        """The settings, with the secrets that were not typed anew as they were."""
        given = {
            name: value for name, value in self.settings.cleaned_data.items() if name in self.kind.form.base_fields
        }
        for name in self.kind.secrets:
            if self.settings.cleaned_data.get(f"remove_{name}"):
                given[name] = ""
            elif not given.get(name):
                given[name] = self.known.get(name, "")
        return given

    def _initial(self) -> dict[str, Any]:
        if self.fresh:
            return {"to": self.instance.user.email} if self.kind.kind in ("email", "sendgrid") else {}
        return {name: value for name, value in self.known.items() if name not in self.kind.secrets}

    def _keep_secret(self, name: str) -> None:
        if not self.known.get(name):
            return
        field = self.settings.fields[name]
        if not field.required:
            self.settings.fields[f"remove_{name}"] = forms.BooleanField(
                required=False, label=f"Remove the {str(field.label).lower()}", widget=UnfoldBooleanSwitchWidget()
            )
        field.required, field.help_text = False, f"{field.help_text} {STAYS}"


def _known(channel: Channel) -> dict[str, Any]:
    """What is kept, as far as it can be read: a secret that was lost is typed anew."""
    try:
        return values_of(channel)
    except SecretLost:
        return dict(channel.config)


def _checked(source: str) -> str:
    """A template as it is kept, or what is wrong with it."""
    source = source.replace("\r\n", "\n").strip()
    try:
        check(source)
    except NotWorded as error:
        raise forms.ValidationError(str(error)) from None
    return source
