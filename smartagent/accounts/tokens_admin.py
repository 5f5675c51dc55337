"""Personal API tokens: made here, shown once, revoked by deleting."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from smartagent.accounts.tokens import issue_token
from smartagent.kernel.token_scopes import TokenScope, in_words
from smartagent.models import APIToken
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.shown_once import shown_once
from smartagent.templatetags.shown import when

SHOWN_ONCE = "Copy the token “{name}” now. It is not shown again."


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new token: its name, its scopes and its expiry."""

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
            raise ValidationError("This time is in the past. Choose a future time, or leave the field empty.")
        return expires_at


@admin.register(APIToken)
class APITokenAdmin(OwnedAdmin):
    slug = "tokens"
    form = TokenForm
    list_display = ("name", "shown_prefix", "person", "shown_scopes", "made", "used", "expiry", "revoke")
    list_display_links = None
    list_select_related = ("user",)
    list_before_template = "smartagent/tokens_before.html"
    search_fields = ("name", "prefix", "user__email", "user__full_name")
    search_help_text = "Name, prefix or person"
    fields = ("name", "scopes", "expires_at")
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
        made, token = issue_token(request.user, obj.name, obj.expires_at, obj.scopes)  # type: ignore[arg-type]
        obj.pk, obj.prefix, obj._state.adding = made.pk, made.prefix, False
        request.new_token = token  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: APIToken, post_url_continue: str | None = None) -> HttpResponse:
        token = request.new_token  # type: ignore[attr-defined]
        return shown_once(
            request,
            title="Your new token",
            words=SHOWN_ONCE.format(name=obj.name),
            secret=token,
            label="The token",
            way_on=reverse("admin:smartagent_apitoken_changelist"),
            hint=f'curl {request.build_absolute_uri("/api/me/")} -H "Authorization: Bearer {token}"',
        )

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        messages.success(request, f"Token “{obj_display}” revoked.")
        return HttpResponseRedirect(reverse("admin:smartagent_apitoken_changelist"))

    # -- columns -----------------------------------------------------------------------------------

    @display(description="token")
    def shown_prefix(self, token: APIToken) -> str:
        return f"{token.prefix}…"

    @display(description="person", ordering="user__full_name")
    def person(self, token: APIToken) -> str:
        return str(token.user)

    @display(description="scopes")
    def shown_scopes(self, token: APIToken) -> str:
        return in_words(token.scopes)

    @display(description="created", ordering="created_at")
    def made(self, token: APIToken) -> str:
        return when(token.created_at)

    @display(description="last used", ordering="last_used_at")
    def used(self, token: APIToken) -> str:
        return when(token.last_used_at)

    @display(description="expires", ordering="expires_at")
    def expiry(self, token: APIToken) -> str:
        shown = when(token.expires_at)
        over = token.expires_at is not None and token.expires_at <= timezone.now()
        return format_html('<span class="sa-alarm">expired {}</span>', shown) if over else shown

    @display(description="actions")
    def revoke(self, token: APIToken) -> str:
        address = reverse("admin:smartagent_apitoken_delete", args=[token.pk])
        return format_html(
            '<a href="{}" class="sa-link sa-alarm" aria-label="Revoke {}">Revoke</a>', address, token.name
        )
