"""The people: who may sign in, and what they may do."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm
from unfold.views import ChangeList

from smartagent.accounts.account_changes import account_facts, log_added, log_changed, set_active
from smartagent.accounts.events import SECOND_FACTOR_RESET, log_event
from smartagent.accounts.people_forms import PersonAddForm, PersonChangeForm
from smartagent.accounts.sessions import after_password_change, revoke_everywhere
from smartagent.accounts.sign_in_limits import origin
from smartagent.kernel.formats import counted
from smartagent.models import User
from smartagent.shell.chosen_keys import ChosenKeys
from smartagent.shell.shown_once import shown_once
from smartagent.templatetags.shown import when


class RoleFilter(admin.RelatedFieldListFilter):
    """Filters by group, under the name that groups have here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "role"


class PeopleChangeList(ChangeList):  # type: ignore[misc]
    """Its rows lead to the pages of the people; the form is behind a button there."""

    def url_for_result(self, result: User) -> str:
        return reverse("admin:person", args=[result.pk])


@admin.register(User)
class UserAdmin(ChosenKeys, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Administrators add, change and deactivate people. Nobody is deleted: what they own and did stays whole."""

    slug = "people"
    change_list_template = "smartagent/changelist.html"
    form = PersonChangeForm
    add_form = PersonAddForm
    add_form_template = "admin/change_form.html"
    change_password_form = AdminPasswordChangeForm
    list_display = ("person", "roles", "time_zone", "may_sign_in", "signed_in")
    list_filter = (("groups", RoleFilter), "is_active", "is_staff")
    list_filter_submit = True
    list_select_related = ()
    search_fields = ("email", "full_name")
    search_help_text = "Name or e-mail"
    ordering = ("full_name", "email")
    filter_horizontal = ()
    show_full_result_count = False
    list_per_page = 50
    actions = ("sign_out", "reset_second_factor", "deactivate", "activate")
    fieldsets = (
        (None, {"fields": ("email", "full_name", "time_zone", "new_password")}),
        ("Permissions", {"fields": ("is_active", "groups", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("signed_in", "joined")}),
    )
    readonly_fields = ("new_password", "signed_in", "joined")
    add_fieldsets = ((None, {"fields": ("email", "full_name", "time_zone", "groups", "password")}),)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PeopleChangeList

    def response_post_save_change(self, request: HttpRequest, obj: User) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:person", args=[obj.pk]))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_service_account=False).prefetch_related("groups")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": "People"} | (extra_context or {}))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Who may not see these accounts is refused before one is looked for."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    # -- who may do what --------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes a superuser."""
        out_of_reach = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not out_of_reach

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, "is_superuser")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may not change a person is not led to a new password for them."""
        parts = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return parts
        return [(name, {"fields": [each for each in part["fields"] if each != "new_password"]}) for name, part in parts]

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, *args, **kwargs)
        return type("PersonForm", (form,), {"changer": request.user})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Set a new password of a person, whose sessions end with it."""
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302 and (person := self.get_object(request, id)):
            after_password_change(request, person, "by an administrator")
        return response

    # -- adding ------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A generated password is kept on the request until it is shown."""
        request.before = account_facts(User.objects.get(pk=obj.pk)) if change else None  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            revoke_everywhere([obj], request, "deactivated")
        request.generated = getattr(form, "generated", "")  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change:
            log_changed(request.before, form.instance, request.user, timezone.now())  # type: ignore[attr-defined]
        else:
            log_added(form.instance, request.user, timezone.now())

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        people = reverse("admin:smartagent_user_changelist")
        if not request.generated:  # type: ignore[attr-defined]
            messages.success(request, f"{obj} added. Sign-in e-mail: {obj.email}.")
            return HttpResponseRedirect(people)
        return shown_once(
            request,
            title=f"{obj} added",
            words=f"The sign-in e-mail is {obj.email}. The password is shown only once and can be changed later.",
            secret=request.generated,  # type: ignore[attr-defined]
            label="The password",
            way_on=people,
        )

    # -- many at once ------------------------------------------------------------------------------

    @admin.action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        me: Any = request.user.pk
        people = list(self._reached(request, queryset).exclude(pk=me))
        count = set_active(people, False, request.user, timezone.now())
        revoke_everywhere(people, request, "deactivated")
        messages.success(request, f"{_people(count)} deactivated.")

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign out all sessions of the people, for example where a device was stolen."""
        count = revoke_everywhere(self._reached(request, queryset), request, "by an administrator")
        messages.success(request, f"{counted(count, 'session', 'sessions')} signed out.")

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = set_active(list(self._reached(request, queryset)), True, request.user, timezone.now())
        messages.success(request, f"{_people(count)} activated.")

    @admin.action(description="Remove second factors", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Remove all second factors, for example of a lost device: the password suffices until a new one is added."""
        people = self._reached(request, queryset).filter(authenticator__isnull=False).distinct()
        for person in (found := list(people)):
            Authenticator.objects.filter(user=person).delete()
            log_event(SECOND_FACTOR_RESET, person, timezone.now(), by=request.user, **origin(request))
        messages.success(request, f"Second factors of {_people(len(found))} removed.")

    def _reached(self, request: HttpRequest, people: QuerySet[User]) -> QuerySet[User]:
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    # -- columns -----------------------------------------------------------------------------------

    @display(description="password")
    def new_password(self, user: User) -> str:
        """Nobody can read a password; it can be replaced."""
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}" class="sa-link">Set a new one</a>', address)

    @display(description="person", header=True, ordering="full_name")
    def person(self, user: User) -> tuple[str, str]:
        return str(user), user.email if user.full_name else ""

    @display(description="roles")
    def roles(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        more = ["superuser"] * user.is_superuser or ["staff"] * user.is_staff
        return ", ".join([*names, *more]) or "none"

    @display(description="may sign in", ordering="is_active", label={"yes": "success", "no": "danger"})
    def may_sign_in(self, user: User) -> str:
        return "yes" if user.is_active else "no"

    @display(description="last sign-in", ordering="last_login")
    def signed_in(self, user: User) -> str:
        return when(user.last_login)

    @display(description="joined")
    def joined(self, user: User) -> str:
        return when(user.date_joined)


def _people(count: int) -> str:
    return counted(count, "person", "people")
