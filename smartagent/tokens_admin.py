"""Personal API tokens: made here, shown once, revoked by deleting."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display

from smartagent.models import APIToken
from smartagent.owned_admin import OwnedAdmin
from smartagent.tokens import issue_token


@admin.register(APIToken)
class APITokenAdmin(OwnedAdmin):
    slug = "tokens"
    list_display = ("name", "user", "shown_prefix", "created_at", "last_used_at", "expiry")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    fields = ("name", "expires_at")
    list_before_template = "smartagent/tokens_before.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: APIToken, form: Any, change: bool) -> None:
        """The token is made with its row, and kept on the request until it is shown."""
        made, token = issue_token(request.user, obj.name, obj.expires_at)  # type: ignore[arg-type]
        obj.pk, obj.prefix, obj._state.adding = made.pk, made.prefix, False
        request.new_token = token  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: APIToken, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token, this once: it is nowhere else."""
        token = request.new_token  # type: ignore[attr-defined]
        context = {**self.admin_site.each_context(request), "title": "Your new token", "token": token, "name": obj.name}
        response = TemplateResponse(request, "smartagent/new_token.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        messages.success(request, f"The token {obj_display} is revoked: it opens nothing any more.")
        return HttpResponseRedirect(reverse("admin:smartagent_apitoken_changelist"))

    @display(description="token")
    def shown_prefix(self, token: APIToken) -> str:
        return f"{token.prefix}…"

    @display(description="expires", label={"expired": "danger", "never": "info"})
    def expiry(self, token: APIToken) -> tuple[str, str]:
        if token.expires_at is None:
            return "never", "never"
        text = f"{timezone.localtime(token.expires_at):%Y-%m-%d %H:%M}"
        return ("expired", f"expired {text}") if token.expires_at <= timezone.now() else ("valid", text)
