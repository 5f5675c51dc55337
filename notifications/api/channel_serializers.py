"""Channels as JSON: settings are checked by the form of their kind; what is secret goes in, and never comes out."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from psycopg.errors import UniqueViolation
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from notifications.channels import Address, ChannelKind
from notifications.channels.credentials import ENTER_AGAIN, known_of
from notifications.channels.status import STATUS_CHOICES, channel_in_words, state_of
from notifications.delivery.channel_setup import save
from notifications.models import Channel
from notifications.registries import channels
from notifications.templating import NotWorded, check
from smartagent.kernel.scope import has_everyone
from smartagent.rest.fields import SECRETS_SET, JSONObjectField, OwnerField, TextField
from smartagent.rest.recent_sign_in import require_recent_sign_in
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer

TWINS = "A channel with this name already exists."
SETTINGS_HELP = (
    "Settings of the channel type, see /api/channel-kinds/. null removes a setting; secrets are not returned."
)


def kinds() -> dict[str, Any]:
    """The kinds that are installed."""
    return {"enum": [each.kind for each in channels]}


class ChannelSerializer(RowMixin, StrictModelSerializer):
    user = OwnerField(required=False, help_text="Owner; default: you.")
    kind = TextField(max_length=40, asks=kinds, help_text="One of /api/channel-kinds/; cannot be changed.")
    settings = JSONObjectField(required=False, source="config", help_text=SETTINGS_HELP)
    secrets = serializers.SerializerMethodField()
    where = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()

    class Meta:
        model = Channel
        resource, page, sentence = "channels", "admin:notifications_channel_page", channel_in_words
        relations = {"user": PERSON}
        collections = {"deliveries": "deliveries/?channel={}"}
        fields = [
            "id", "user", "kind", "name", "enabled", "position", "settings", "secrets", "where", "title_template",
            "body_template", "state", "works_since", "cause", "failures", "opened_at", "retry_at", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["works_since", "cause", "failures", "opened_at", "retry_at", "created_at", "updated_at"]
        validators: list[Any] = []  # the owner may be left out, so that one of a name is checked below

    @extend_schema_field(SECRETS_SET)
    def get_secrets(self, channel: Channel) -> dict[str, bool]:
        kind = channels.find(channel.kind)
        known = known_of(channel) if kind else {}
        return {name: bool(known.get(name)) for name in kind.secrets} if kind else {}

    @extend_schema_field({"type": "string", "description": "Destination."})
    def get_where(self, channel: Channel) -> str:
        kind = channels.find(channel.kind)
        return kind.where(Address(channel.config)) if kind else ""

    @extend_schema_field({"type": "string", "enum": [state for state, _ in STATUS_CHOICES]})
    def get_state(self, channel: Channel) -> str:
        return state_of(channel)

    def to_representation(self, instance: Channel) -> dict[str, Any]:
        """Who only looks at the channels of others sees where they go, not their whole addresses."""
        shown = super().to_representation(instance)
        me = self.context["request"].user
        if instance.user_id != me.pk and not has_everyone(me, "change"):
            shown["settings"] = {}
        return shown

    def validate_title_template(self, source: str) -> str:
        return _wording(source)

    def validate_body_template(self, source: str) -> str:
        return _wording(source)

    def validate_kind(self, kind: str) -> str:
        if self.instance is not None and kind != self.instance.kind:
            raise ValidationError("The type of a channel cannot be changed. Create another channel.")
        if kind not in channels:
            known = ", ".join(each.kind for each in channels)
            raise ValidationError(f"“{kind[:40]}” is not one of: {known}.")
        return kind

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("user", self.instance.user if self.instance else self.context["request"].user)
        kind = channels.find(self.instance.kind if self.instance else attrs["kind"])
        if kind is None:
            raise ValidationError({"kind": ["This channel type is not installed. Delete the channel."]})
        known = known_of(self.instance) if self.instance else {}
        given = attrs.pop("config", {})
        if not given.keys().isdisjoint(kind.secrets):
            require_recent_sign_in(self.context["request"])
        attrs["values"] = checked(kind, given, known)
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Channel:
        return self._saved(Channel(kind=validated_data.pop("kind")), validated_data)

    def update(self, instance: Channel, validated_data: dict[str, Any]) -> Channel:
        return self._saved(instance, validated_data)

    def _saved(self, channel: Channel, given: dict[str, Any]) -> Channel:
        values = given.pop("values")
        for name, value in given.items():
            setattr(channel, name, value)
        try:
            with transaction.atomic():
                save(channel, values, timezone.now())
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
            raise ValidationError({"name": [TWINS]}) from error
        return channel


def _wording(source: str) -> str:
    """A template of a wording, or what is wrong with it."""
    try:
        check(source)
    except NotWorded as error:
        raise ValidationError(str(error)) from None
    return source


def checked(kind: ChannelKind, given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the form of the kind makes of `given`, over what is known; ValidationError where it does not
    like them."""
    fields = kind.form.base_fields
    there = f"Valid settings: {', '.join(fields)}."
    errors = {name[:100]: [f"Unknown setting. {there}"] for name in given if name not in fields}
    errors |= {
        name: ["Use a text, or null for none."]
        for name, value in given.items() if name in fields and not isinstance(value, str | None)
    }  # fmt: skip
    form = kind.form({**known, **{name: value or "" for name, value in given.items()}})
    if not errors and not form.is_valid():
        errors = {name: [str(each) for each in found] for name, found in form.errors.items()}
    elif not errors:
        errors = {name: [ENTER_AGAIN] for name in kind.bound(known, form.cleaned_data) if name not in given}
    if errors:
        raise ValidationError({"settings": errors})
    return dict(form.cleaned_data)
