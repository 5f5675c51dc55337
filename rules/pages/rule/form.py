"""The form that creates and edits rules: sections, initial values, buttons."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from rules.action_options import option_text, other_options, shown_options
from rules.authoring.labels import show_labels
from rules.authoring.templates import template_of
from rules.engine.intervals import shown
from rules.lifecycle.status import begin_anew, publishes
from rules.metrics.catalogue import catalogue
from rules.models import AutomationRule, Integration
from rules.pages.forms.rule import RuleForm, option_fields
from rules.pages.links import page_of
from rules.pages.owner_choice import OwnerChoiceAdmin
from rules.pages.rule.edit_conflict import conflict_page, seen_fields
from rules.pages.rule.form_buttons import ASK, EDIT, change_rows, only_asks
from rules.pages.rule.trial import without_scripts
from rules.permissions import lock_of
from rules.text.rule import rule_in_words
from smartagent.kernel.limits import too_many
from smartagent.kernel.scope import has_everyone

DRAFT, ACTIVE = AutomationRule.Status.DRAFT, AutomationRule.Status.ACTIVE
# Single-line texts, with their HTML attributes.
LINES = {
    "rule_name": {"placeholder": "Fusion score too low", "maxlength": "200"},
    "metric_type": {"list": "known-metrics", "placeholder": "fusion_score", "autocomplete": "off"},
    "target_integration": {"list": "known-integrations", "autocomplete": "off"},
    "threshold_value": {"inputmode": "decimal", "placeholder": "70", "autocomplete": "off"},
    "critical_threshold": {"inputmode": "decimal", "placeholder": "none", "autocomplete": "off"},
    "recovery_threshold": {"inputmode": "decimal", "placeholder": "the threshold itself", "autocomplete": "off"},
    "runbook_url": {"type": "url", "placeholder": "https://"},
}
KEPT_HELP = "Set by another application and kept unchanged. Edit them by REST API or in a rules file."
READ_ONLY = (
    "rule_name", "in_words", "status", "user", "conditions", "timing", "options", "label_lines", "runbook_url",
    "description", "provisioned_by",
)  # fmt: skip


class RuleFormAdmin(OwnerChoiceAdmin):
    """The part of the admin class of rules for the form."""

    form = RuleForm
    change_form_template = "rules/rule_form.html"
    actions_list = ("from_template", "as_code", "recycle_bin")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and lock_of(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and lock_of(obj))

    @action(description="Create from template", url_path="from-template", permissions=["add"])
    def from_template(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:rules_automationrule_templates"))

    @action(description="Rules as code", url_path="as-code", permissions=["view"])
    def as_code(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:rules_automationrule_code"))

    @action(description="Recycle bin", url_path="to-the-bin", permissions=["view"])
    def recycle_bin(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:rules_automationrule_bin"))

    # -- its parts -------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        namespace: dict[str, Any] = {
            "maker": request.user,
            "Meta": type("Meta", (RuleForm.Meta,), {}),
        } | option_fields(request.user)
        namespace["suggested"] = request.GET.get("threshold", "")
        namespace["only_asks"] = only_asks(request)
        return super().get_form(request, obj, change, **kwargs | {"form": type("RuleForm", (RuleForm,), namespace)})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": READ_ONLY})]
        watched = ["rule_name", "metric_type", "target_integration"]
        if has_everyone(request.user, "change"):
            watched += ["applies_to", "user"]
        elif obj is not None and obj.applies_to == AutomationRule.AppliesTo.EVERYONE:
            watched += ["applies_to"]
        watched += ["series_mode", "matchers", "group_by", "series_aggregate"]
        fires = ["reducer", "evaluation_window", "reducer_parameter", "condition_operator", "threshold_value",
                 "critical_threshold", "pending_for", "more_conditions", "match"]  # fmt: skip
        status = ["status"] if obj is not None and obj.status != DRAFT else []
        return [
            ("Metric", {"fields": watched}),
            ("Condition", {"fields": fires}),
            ("Action", {"fields": ["action_type", *option_fields(), *_kept(obj), "severity", "repeat_every"]}),
            ("Recovery", {"fields": ["recovery_threshold", "keep_firing_for"]}),
            ("No data and errors", {"fields": ["no_data_policy", "error_policy"]}),
            ("Details", {"fields": [*status, "labels", "runbook_url", "description"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return READ_ONLY if obj is not None and not self.has_change_permission(request, obj) else _kept(obj)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in LINES:
            kwargs["widget"] = UnfoldAdminTextInputWidget(attrs=dict(LINES[db_field.name]))
        if db_field.name == "description":
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Initial values: the owner, everyone as watched for who may watch them, those of a template and of the URL."""
        given = super().get_changeform_initial_data(request)
        watches = AutomationRule.AppliesTo.EVERYONE if _watches_everyone(request) else AutomationRule.AppliesTo.OWNER
        return {"applies_to": watches} | dict(self._template(request)) | given

    def _template(self, request: HttpRequest) -> dict[str, Any]:
        key = request.GET.get("template")
        if key is None:
            return {}
        if (template := template_of(key)) is None:
            raise Http404("Template not found.")
        return template.fields

    # -- what is done ----------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if ASK in request.POST and (refused := too_many(request, "previews")):
            return refused
        types = Integration.objects.visible_to(request.user).order_by("integration_type")
        known = {
            "metrics": catalogue(request.user),
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            "integrations": types.values_list("integration_type", flat=True).distinct()[:200],
            "template": template_of(request.GET.get("template", "")) if not object_id else None,
        }
        if request.method == "POST":
            change_rows(request)
            known |= without_scripts(self, request, object_id) if ASK in request.POST else {}
        with transaction.atomic():
            conflict = self._conflict(request, object_id) if object_id and request.method == "POST" else None
            return conflict or super().changeform_view(request, object_id, form_url, (extra_context or {}) | known)

    def _conflict(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """Lock the rule, and ask where somebody else has saved it since the form was opened."""
        if only_asks(request) and EDIT not in request.POST:
            return None
        rule = self.get_object(request, unquote(object_id))
        if rule is None or not self.has_change_permission(request, rule):
            return None
        locked = AutomationRule.objects.select_for_update(of=("self",)).filter(pk=rule.pk).first()
        return conflict_page(self, request, locked) if locked else None

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        rule = context.get("original")
        may = self.has_change_permission(request, rule) if rule else self.has_add_permission(request)
        context |= {
            "seen": seen_fields(context["adminform"].form, request, rule) if rule and may else {},
            "lock": lock_of(rule) if rule else "",
            "unpublished": rule is None or rule.status == DRAFT,
            "may_write": may,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: AutomationRule, form: Any, change: bool) -> None:
        """Save, which creates a version; skipped where nothing differs."""
        was_draft = change and obj.status == DRAFT
        if not change or was_draft:
            obj.status = DRAFT if "_draft" in request.POST else ACTIVE if "_publish" in request.POST else obj.status
        if change and not differs(obj):
            return
        template = None if change else template_of(request.GET.get("template", ""))
        if template and obj.description == template.fields["description"]:  # it stands as the template filled it in
            obj.description = template.describe(obj)
        super().save_model(request, obj, form, change)
        if was_draft and publishes(DRAFT, obj.status):
            begin_anew([obj])

    def response_add(self, request: HttpRequest, obj: AutomationRule, post_url_continue: Any = None) -> HttpResponse:
        drafted = " It is a draft: it is evaluated, but no action runs until you publish it."
        return self._to_its_page(request, obj, f"Rule “{obj}” created.{drafted if obj.status == DRAFT else ''}")

    def response_change(self, request: HttpRequest, obj: AutomationRule) -> HttpResponse:
        published = "published" if "_publish" in request.POST and obj.status == ACTIVE else "saved"
        return self._to_its_page(request, obj, f"Rule “{obj}” {published}.")

    def _to_its_page(self, request: HttpRequest, rule: AutomationRule, message: str) -> HttpResponse:
        messages.success(request, message)
        return HttpResponseRedirect(page_of(rule))

    # -- read only -------------------------------------------------------------------------------

    @display(description="in words")
    def in_words(self, rule: AutomationRule) -> str:
        return format_html('<span class="sa-text">{}</span>', rule_in_words(rule))

    @display(description="action and its options")
    def options(self, rule: AutomationRule) -> str:
        config = rule.action_config if isinstance(rule.action_config, dict) else {}
        return "\n".join([rule.action_type, *(f"{name}: {option_text(value)}" for name, value in config.items())])

    @display(description="further options")
    def kept_options(self, rule: AutomationRule) -> str:
        """Options of other programs, which have no form field."""
        found = shown_options(rule.action_type, rule.action_config)
        lines = format_html_join("", "<li><code>{}</code> <span>{}</span></li>", found.items())
        return format_html('<ul class="sa-list">{}</ul><p class="mt-2 text-xs">{}</p>', lines, KEPT_HELP)

    @display(description="timing")
    def timing(self, rule: AutomationRule) -> str:
        return (
            f"pending for {shown(rule.pending_for)}, keeps firing for {shown(rule.keep_firing_for)}, "
            f"repeats every {shown(rule.repeat_every)}"
        )

    @display(description="further conditions")
    def conditions(self, rule: AutomationRule) -> str:
        more = rule.more_conditions if isinstance(rule.more_conditions, list) else [rule.more_conditions]
        return f"{len(more)}, {rule.get_match_display()}" if more else "none"

    @display(description="labels")
    def label_lines(self, rule: AutomationRule) -> str:
        return show_labels(rule.labels).replace("\n", ", ") or "none"


def differs(rule: AutomationRule) -> bool:
    """Whether saving `rule` would change anything but its time of update."""
    stored = AutomationRule.objects.filter(pk=rule.pk).first()
    fields = [field.attname for field in AutomationRule._meta.concrete_fields if field.name != "updated_at"]
    return stored is None or any(getattr(stored, name) != getattr(rule, name) for name in fields)


def _kept(rule: Any) -> tuple[str, ...]:
    """The field that shows the options of another program, where the rule has any."""
    return ("kept_options",) if rule and other_options(rule.action_type, rule.action_config) else ()


def _watches_everyone(request: HttpRequest) -> bool:
    """Whether a new rule is for everyone at first: its author may, and the address does not name an owner."""
    return has_everyone(request.user, "change") and "user" not in request.GET
