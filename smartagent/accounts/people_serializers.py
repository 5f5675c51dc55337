"""People, service accounts and their groups as JSON: fields, serializers and what is wrong with a change."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as FormError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from smartagent.accounts.phrases import person_in_words
from smartagent.models import User, UserManager, validate_time_zone
from smartagent.rest.fields import ZONE, FlagField, OwnerField, TextField, find_person, keepable
from smartagent.rest.relations import PERSON
from smartagent.rest.rows import RowMixin
from smartagent.rest.serializers import StrictModelSerializer

EMAIL_TAKEN = "An account with this e-mail address already exists."


class GroupField(TextField):
    """The name of a group that is there."""

    default_error_messages = {"no_group": "There is no group “{name}”. Groups: {known}."}

    def to_internal_value(self, data: Any) -> Any:
        name = super().to_internal_value(data)
        known = list(Group.objects.order_by("name").values_list("name", flat=True)[:50])
        return name if name in known else self.fail("no_group", name=name[:100], known=", ".join(known))


class GroupsField(serializers.ListField):
    """The groups of a person, by name."""

    child = GroupField(max_length=150)

    def to_representation(self, data: Any) -> list[str]:
        return sorted(group.name for group in data.all())


class AccountOwnerField(OwnerField):
    """The person who answers for a service account, by id or e-mail address."""

    default_error_messages = {"nobody": "No active person has the ID or e-mail address “{text}”."}

    def to_internal_value(self, data: Any) -> User:
        if not isinstance(data, str) or not keepable(data):
            self.fail("invalid")
        people = User.objects.people().filter(is_active=True)
        return find_person(data, people) or self.fail("nobody", text=data[:100])


class PersonSerializer(RowMixin, StrictModelSerializer):
    email = serializers.EmailField(required=False, max_length=254, help_text="For signing in.")
    full_name = TextField(required=False, max_length=200, allow_blank=True)
    time_zone = TextField(required=False, max_length=64, help_text="For example Europe/Berlin.", asks=ZONE)
    groups = GroupsField(required=False, help_text="Names of groups. A new person is a member unless some are given.")
    is_active = FlagField(required=False, help_text="False: neither the password nor a token works.")
    is_staff = FlagField(required=False, help_text="Sees and changes everyone's objects.")
    is_superuser = FlagField(required=False, help_text="All permissions. Only superusers change this.")
    is_service_account = FlagField(required=False, help_text="A program's account. It cannot be changed later.")
    owner = AccountOwnerField(
        required=False, allow_null=True,
        help_text="Who answers for a service account: ID, or on write also e-mail.",
    )  # fmt: skip

    class Meta:
        model = User
        fields = [
            "id", "email", "full_name", "time_zone", "groups", "is_active", "is_staff", "is_superuser",
            "is_service_account", "owner", "last_login", "date_joined",
        ]  # fmt: skip
        resource, page, relations, sentence = "people", "admin:person", {"owner": PERSON}, person_in_words
        collections: ClassVar[dict[str, str]] = {"tokens": "tokens/?person={}", "rules": "rules/?owner={}"}
        read_only_fields = ["last_login", "date_joined"]

    def validate_email(self, email: str) -> str:
        email = UserManager.normalize_email(email)
        own: Any = getattr(self.instance, "pk", None)
        if User.objects.with_email(email).exclude(pk=own).exists():
            raise ValidationError(EMAIL_TAKEN)
        return email

    def validate_time_zone(self, name: str) -> str:
        try:
            validate_time_zone(name)
        except FormError as error:
            raise ValidationError(error.messages) from None
        return name

    def validate_is_active(self, active: bool) -> bool:
        if not active and self.instance == self.context["request"].user:
            raise ValidationError("You cannot deactivate yourself. Ask another administrator.")
        return active

    def validate_is_superuser(self, value: bool) -> bool:
        before = bool(self.instance and self.instance.is_superuser)
        if value != before and not self.context["request"].user.is_superuser:
            raise ValidationError("Only superusers can change this.")
        return value

    def validate_is_service_account(self, value: bool) -> bool:
        if self.instance is not None and value != self.instance.is_service_account:
            raise ValidationError("A person does not become a service account, nor the other way round.")
        return value

    def validate(self, attrs: Any) -> Any:
        known = self.instance.is_service_account if self.instance else False
        is_service = attrs.get("is_service_account", known)
        problems = _of_service_account(attrs, self.instance) if is_service else _of_person(attrs, self.instance)
        if problems:
            raise ValidationError(problems)
        return super().validate(attrs)

    def create(self, validated_data: Any) -> Any:
        groups = validated_data.pop("groups", None)
        person: Any = User(**validated_data)
        person.generated_password = None
        if person.is_service_account:
            person.become_service_account()
        else:
            person.generated_password = secrets.token_urlsafe(12)
            person.set_password(person.generated_password)
        person.save(force_insert=True)
        person.groups.set(Group.objects.filter(name__in=["members"] if groups is None else groups))
        return person

    def update(self, instance: Any, validated_data: Any) -> Any:
        groups = validated_data.pop("groups", None)
        if groups is not None:
            instance.groups.set(Group.objects.filter(name__in=groups))
        return super().update(instance, validated_data)


class NewPersonSerializer(PersonSerializer):
    """A person who was just added."""

    generated_password = serializers.CharField(
        read_only=True, allow_null=True, help_text="Not shown again. Null for a service account, which has none."
    )

    class Meta(PersonSerializer.Meta):
        fields = [*PersonSerializer.Meta.fields, "generated_password"]


def _of_person(attrs: Any, instance: Any) -> dict[str, list[str]]:
    problems = {}
    if instance is None and not attrs.get("email"):
        problems["email"] = ["A person needs an e-mail address to sign in."]
    if attrs.get("owner"):
        problems["owner"] = ["Only service accounts have an owner."]
    return problems


def _of_service_account(attrs: Any, instance: Any) -> dict[str, list[str]]:
    problems = {}
    if (instance is None and not attrs.get("full_name")) or attrs.get("full_name") == "":
        problems["full_name"] = ["A service account needs a name."]
    if (instance is None and not attrs.get("owner")) or ("owner" in attrs and attrs["owner"] is None):
        problems["owner"] = ["A service account needs an owner, who answers for it."]
    if "email" in attrs and (instance is None or attrs["email"] != instance.email):
        problems["email"] = ["A service account has no e-mail address of its own."]
    if attrs.get("is_superuser"):
        problems["is_superuser"] = ["A service account cannot be a superuser. Give it roles."]
    return problems
