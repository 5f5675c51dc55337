"""The preview in a channel's form: a past firing, as the unsaved settings would send it."""

from typing import Any

from notifications.channels import Address
from notifications.delivery.samples import chosen_of, firings_of, made_up, message_about
from notifications.pages.forms.channel import ChannelForm
from notifications.templating import in_words

TEMPLATE_FIELDS = ("title_template", "body_template")


def preview_of(form: ChannelForm, firing: str) -> dict[str, Any]:
    """Return the template context of the preview: message and selectable firings; `firing` is the selected id."""
    channel = form.instance
    firings = firings_of(channel.user)
    chosen = chosen_of(firings, firing)
    message = message_about(channel, chosen) if chosen else made_up(channel)
    wrong = {name: form.errors[name] for name in TEMPLATE_FIELDS if name in form.errors}
    message = in_words(message, *(_typed(form, name) if not wrong else "" for name in TEMPLATE_FIELDS))
    shown = "" if wrong else form.kind.preview(message, Address(_settings(form)))
    return {
        "firings": firings, "chosen": chosen, "shown": shown, "failed": message.wording_failed,
        "wrong": [(form.fields[name].label, list(texts)) for name, texts in wrong.items()],
    }  # fmt: skip


def _typed(form: ChannelForm, name: str) -> str:
    return str(form.cleaned_data.get(name, "") if form.is_bound else getattr(form.instance, name))


def _settings(form: ChannelForm) -> dict[str, Any]:
    """Return the valid settings that are not secret."""
    found = getattr(form.settings, "cleaned_data", {}) if form.is_bound else form.known
    return {name: value for name, value in found.items() if name not in form.kind.secrets}
