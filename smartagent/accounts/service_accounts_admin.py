"""Service accounts: programs with roles and tokens of their own, which no person signs in to."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from smartagent.accounts.account_changes import account_facts, log_added, log_changed
from smartagent.accounts.people_forms import RolesField
from smartagent.models import ServiceAccount, User
from smartagent.shell.chosen_keys import ChosenKeys
from smartagent.shell.second_save import SecondSaveMixin
from smartagent.templatetags.shown import when

OWNER_HELP = "Who answers for the account. They are notified before its tokens expire."
NAME_HELP = "What uses the account, for example: Grafana, or deployments."


class ServiceAccountForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """A service account: its name, who answers for it, and its roles."""

    full_name = forms.CharField(label="Name", max_length=200, help_text=NAME_HELP, widget=UnfoldAdminTextInputWidget())
    groups = RolesField()
    owner = forms.ModelChoiceField(
        User.objects.people().filter(is_active=True).order_by("full_name", "email"),
        help_text=OWNER_HELP, widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip

    class Meta:
        model = ServiceAccount
        fields = ("full_name", "owner", "groups", "is_active")
        labels = {"is_active": "Active"}
        help_texts = {"is_active": "The tokens of an account that is not active do not work."}


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ChosenKeys, ModelAdmin):  # type: ignore[misc]
    """Administrators create and change them. None is deleted: what it owns and did stays whole."""

    slug = "service-accounts"
    change_list_template = "smartagent/changelist.html"
    list_before_template = "smartagent/service_accounts_before.html"
    form = ServiceAccountForm
    fields = ("full_name", "owner", "groups", "is_active")
    list_display = ("name", "roles", "owner", "is_working", "tokens", "used")
    list_select_related = ("owner",)
    list_filter = ("is_active",)
    list_filter_submit = True
    search_fields = ("full_name", "owner__full_name", "owner__email")
    search_help_text = "Name or owner"
    ordering = ("full_name",)
    show_full_result_count = False
    list_per_page = 50
    actions = None
    empty_title = "No service accounts yet"
    empty_text = "It is for a program that is nobody's own: with roles and tokens, and without a password."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceAccount]:
        found: QuerySet[ServiceAccount] = super().get_queryset(request)
        counts = {"token_count": Count("api_tokens", distinct=True), "used_at": Max("api_tokens__last_used_at")}
        return found.prefetch_related("groups").annotate(**counts)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk, "is_active": True}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": "Service accounts"} | (extra_context or {}))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        plain = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | plain)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Who may not see these accounts is refused before one is looked for."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    # -- changes -----------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: ServiceAccount, form: Any, change: bool) -> None:
        if change:
            request.before = account_facts(User.objects.get(pk=obj.pk))  # type: ignore[attr-defined]
        else:
            obj.become_service_account()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change:
            log_changed(request.before, form.instance, request.user, timezone.now())  # type: ignore[attr-defined]
        else:
            log_added(form.instance, request.user, timezone.now())

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, f"Service account “{obj.full_name}” created. Create a token for it.")
        return HttpResponseRedirect(f"{reverse('admin:smartagent_apitoken_add')}?person={obj.pk}")

    # -- columns -----------------------------------------------------------------------------------

    @display(description="name", ordering="full_name")
    def name(self, account: ServiceAccount) -> str:
        return account.full_name

    @display(description="roles")
    def roles(self, account: ServiceAccount) -> str:
        return ", ".join(sorted(group.name for group in account.groups.all())) or "none"

    @display(description="active", ordering="is_active", label={"yes": "success", "no": "danger"})
    def is_working(self, account: ServiceAccount) -> str:
        return "yes" if account.is_active else "no"

    @display(description="tokens")
    def tokens(self, account: Any) -> str:
        listed = f"{reverse('admin:smartagent_apitoken_changelist')}?q={account.email}"
        return format_html('<a href="{}" class="sa-link">{}</a>', listed, account.token_count)

    @display(description="last used")
    def used(self, account: Any) -> str:
        return when(account.used_at)
