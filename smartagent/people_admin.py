"""The people: who may sign in, and what they may do."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from smartagent.models import User


class PersonCreationForm(UserCreationForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = ("email", "full_name", "time_zone", "groups")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].initial = Group.objects.filter(name="members")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    slug = "people"
    form = UserChangeForm
    add_form = PersonCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("person", "roles", "time_zone", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    list_filter_submit = True
    search_fields = ("email", "full_name")
    ordering = ("full_name", "email")
    filter_horizontal = ()
    show_full_result_count = False
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("email", "full_name", "time_zone", "password")}),
        ("What they may do", {"fields": ("is_active", "groups", "is_staff", "is_superuser")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("email", "full_name", "time_zone", "groups", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only administrators make administrators."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, "is_superuser", "is_staff", "groups")

    @display(description="person", header=True, ordering="full_name")
    def person(self, user: User) -> tuple[str, str]:
        return str(user), user.email

    @display(description="roles")
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join(["superuser"] * user.is_superuser + sorted(names)) or "none"
