"""Personal API tokens: made here, shown once, revoked by deleting."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from smartagent.accounts.token_lifecycle import (
    NEVER_PAST,
    accounts_held_by,
    create_token,
    held_by,
    revoke_token,
    revoke_tokens,
)
from smartagent.accounts.token_rotation_page import rotate_page
from smartagent.kernel.token_scopes import TokenScope, in_words
from smartagent.models import APIToken, ServiceAccount
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.shown_once import shown_once
from smartagent.templatetags.shown import when

SHOWN_ONCE = "Copy the token “{name}” now. It is not shown again."


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new token: whose it is, its name, its scopes and its expiry."""

    person = forms.ModelChoiceField(
        ServiceAccount.objects.filter(is_active=True),
        label="For",
        required=False,
        empty_label="yourself",
        widget=UnfoldAdminSelectWidget(),
        help_text="A service account, or yourself.",
    )
    scopes = forms.MultipleChoiceField(
        choices=TokenScope.choices,
        initial=[TokenScope.READ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="What the program needs. The roles of the person limit it further.",
        error_messages={"required": "Choose at least one scope."},
    )

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError(NEVER_PAST)
        return expires_at


@admin.register(APIToken)
class APITokenAdmin(OwnedAdmin):
    slug = "tokens"
    form = TokenForm
    list_display = ("name", "shown_prefix", "person", "shown_scopes", "made", "used", "expiry", "changes")
    pages = {"<path:key>/rotate/": (rotate_page, "rotate")}
    list_display_links = None
    list_select_related = ("user",)
    list_before_template = "smartagent/tokens_before.html"
    search_fields = ("name", "prefix", "user__email", "user__full_name")
    search_help_text = "Name, prefix or person"
    fields = ("person", "name", "scopes", "expires_at")
    empty_title = "No API tokens yet"
    empty_text = "A token gives a program your permissions in the API."

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Whose a token is says something only to who sees those of others."""
        others = request.user.has_perm("smartagent.change_user")
        return [column for column in self.list_display if others or column != "person"]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        plain = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | plain)

    def save_model(self, request: HttpRequest, obj: APIToken, form: Any, change: bool) -> None:
        """The token is made with its row, and kept on the request until it is shown."""
        person: Any = form.cleaned_data.get("person") or request.user
        made, token = create_token(person, obj.name, obj.scopes, obj.expires_at, by=request.user, now=timezone.now())
        obj.pk, obj.prefix, obj._state.adding = made.pk, made.prefix, False
        request.new_token = token  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: APIToken, post_url_continue: str | None = None) -> HttpResponse:
        return self.show_token(request, obj, request.new_token, SHOWN_ONCE.format(name=obj.name))  # type: ignore[attr-defined]

    def show_token(self, request: HttpRequest, row: APIToken, token: str, words: str) -> HttpResponse:
        """The page with a new token, which is not shown again."""
        return shown_once(
            request,
            title="Your new token",
            words=words,
            secret=token,
            label="The token",
            way_on=self.list_address(),
            hint=f'curl {request.build_absolute_uri("/api/me/")} -H "Authorization: Bearer {token}"',
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        held = ExpressionWrapper(held_by(request.user), BooleanField())
        return super().get_queryset(request).annotate(is_held=held)  # type: ignore[no-any-return]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if accounts_held_by(request.user).exists() else self.fields[1:]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return form if "person" in self.get_fields(request) else type("OwnTokenForm", (form,), {"person": None})

    def list_address(self) -> str:
        return reverse("admin:smartagent_apitoken_changelist")

    def delete_model(self, request: HttpRequest, obj: APIToken) -> None:
        revoke_token(obj, by=request.user, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        revoke_tokens(APIToken.objects.filter(pk__in=queryset.values("pk")), by=request.user, now=timezone.now())

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        messages.success(request, f"Token “{obj_display}” revoked.")
        return HttpResponseRedirect(reverse("admin:smartagent_apitoken_changelist"))

    # -- columns -----------------------------------------------------------------------------------

    @display(description="token")
    def shown_prefix(self, token: APIToken) -> str:
        return f"{token.prefix}…"

    @display(description="person", ordering="user__full_name")
    def person(self, token: APIToken) -> str:
        return f"{token.user} (service account)" if token.user.is_service_account else str(token.user)

    @display(description="scopes")
    def shown_scopes(self, token: APIToken) -> str:
        return in_words(token.scopes)

    @display(description="created", ordering="created_at")
    def made(self, token: APIToken) -> str:
        return when(token.created_at)

    @display(description="last used", ordering="last_used_at")
    def used(self, token: APIToken) -> str:
        used = when(token.last_used_at)
        where = f"from {token.last_used_from}" if token.last_used_from else ""
        return format_html('{}<br><span class="sa-second">{}</span>', used, where) if where else used

    @display(description="expires", ordering="expires_at")
    def expiry(self, token: APIToken) -> str:
        shown = when(token.expires_at)
        if token.replaced_by_id:
            shown = format_html('{}<br><span class="sa-second">rotated</span>', shown)
        over = token.expires_at is not None and token.expires_at <= timezone.now()
        return format_html('<span class="sa-alarm">expired {}</span>', shown) if over else shown

    @display(description="actions")
    def changes(self, token: Any) -> str:
        revoke = reverse("admin:smartagent_apitoken_delete", args=[token.pk])
        link = '<a href="{}" class="sa-link{}" aria-label="{} {}">{}</a> '
        shown = format_html(link, revoke, " sa-alarm", "Revoke", token.name, "Revoke")
        if token.replaced_by_id or not token.is_held:
            return shown
        rotate = reverse("admin:smartagent_apitoken_rotate", args=[token.pk])
        return format_html(link, rotate, "", "Rotate", token.name, "Rotate") + shown
