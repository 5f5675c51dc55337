"""The forms by which administrators add and change people."""

import secrets
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from smartagent.models import User
from smartagent.shell.second_save import SecondSaveMixin
from smartagent.shell.time_zone_field import TimeZoneField

ROLES_HELP = (
    "Members: their own objects. Operators: everyone's objects. Auditors: read-only access "
    "to everything. Administrators: everything, including people."
)
ADDING_HELP = f"{ROLES_HELP} None chosen: a member."


class RolesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """The groups that a person belongs to."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminCheckboxSelectMultipleWidget()
        super().__init__(
            Group.objects.order_by("pk"), label="Roles", required=False, help_text=ROLES_HELP, widget=widget, **kwargs
        )


class PersonAddForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new person, with the given password or with a generated one."""

    time_zone = TimeZoneField(initial="UTC")
    groups = RolesField()
    password = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Empty: a password is generated and shown once.",
    )

    class Meta:
        model = User
        fields = ("email", "full_name", "time_zone", "groups")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].help_text = ADDING_HELP
        self.generated = ""

    def clean_groups(self) -> Any:
        """Roles add up, so an auditor is no member as well unless somebody says so."""
        return self.cleaned_data["groups"] or Group.objects.filter(name="members")

    def clean_password(self) -> str:
        given = str(self.cleaned_data["password"])
        if given:
            draft = User(email=self.cleaned_data.get("email", ""), full_name=self.cleaned_data.get("full_name", ""))
            validate_password(given, draft)
        return given

    def save(self, commit: bool = True) -> Any:
        password = self.cleaned_data["password"]
        if not password:
            password = self.generated = secrets.token_urlsafe(12)
        self.instance.set_password(password)
        return super().save(commit)


class PersonChangeForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """A person as they are. `changer` is whoever changes them; the admin class sets it."""

    changer: Any = None
    time_zone = TimeZoneField()
    groups = RolesField()

    class Meta:
        model = User
        fields = ("email", "full_name", "time_zone", "is_active", "groups", "is_staff", "is_superuser")
        labels = {"is_superuser": "Superuser"}
        help_texts = {"is_superuser": "All permissions, regardless of roles. Only superusers can change this."}

    def clean_is_active(self) -> bool:
        active = bool(self.cleaned_data["is_active"])
        if not active and self.instance == self.changer:
            raise ValidationError("You cannot deactivate or demote yourself. Ask another administrator.")
        return active
