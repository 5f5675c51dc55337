"""The list of rules, and the form that makes and changes them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from rules.catalogue import catalogue
from rules.conditions import Operator
from rules.filters import RuleFilter
from rules.forms import RuleForm, option_fields
from rules.models import AutomationRule, Integration, RuleState
from rules.pages.bulk import ACTIVATE, DELETE, PAUSE, ask_and_do
from rules.pages.health import improvement_page
from rules.pages.owners import OwnerChoiceAdmin
from rules.pages.reading import form_reading
from rules.pages.rule import rule_page, set_status
from rules.pages.versions import versions_page
from rules.words import metric_name, number
from smartagent.filtered_list import FilteredChangeList
from smartagent.scope import has_everyone
from smartagent.templatetags.shown import TONES, when

# Texts of one line, and what the browser is told of them.
LINES = {
    "rule_name": {"placeholder": "Fusion score too low", "maxlength": "200"},
    "metric_type": {"list": "known-metrics", "placeholder": "fusion_score", "autocomplete": "off"},
    "target_integration": {"list": "known-integrations", "autocomplete": "off"},
    "threshold_value": {"inputmode": "decimal", "placeholder": "70"},
    "runbook_url": {"type": "url", "placeholder": "https://"},
}
SYMBOLS = {value: label.split()[0] for value, label in Operator.choices}


def page_of(rule: AutomationRule) -> str:
    """The address of a rule."""
    return reverse("admin:rules_automationrule_page", args=[rule.pk])


class RuleChangeList(FilteredChangeList):
    """Its rows lead to the pages of the rules."""

    def url_for_result(self, result: AutomationRule) -> str:
        return page_of(result)


@admin.register(AutomationRule)
class RuleAdmin(OwnerChoiceAdmin):
    slug = "rules"
    form = RuleForm
    filterset_class = RuleFilter
    change_form_template = "rules/rule_form.html"
    empty_title = "No rules yet"
    empty_text = "A rule watches a metric and acts when a reading breaks its threshold. Write the first one."
    list_display = ("rule_name", "condition", "does", "severity_label", "state", "user", "triggered", "trigger_count")
    list_select_related = ("user",)
    search_fields = ("rule_name", "metric_type", "description")
    search_help_text = "Name, metric or description"
    actions = ("pause", "activate", "delete_selected")

    # -- the list --------------------------------------------------------------------------------

    def prepare(self, rows: list[AutomationRule]) -> None:
        firing = RuleState.objects.firing().filter(rule__in=rows).values("rule").annotate(instances=Count("pk"))
        counts = {found["rule"]: found["instances"] for found in firing}
        for rule in rows:
            rule.firing_instances = counts.get(rule.pk, 0)  # type: ignore[attr-defined]

    @display(description="fires when", ordering="metric_type")
    def condition(self, rule: AutomationRule) -> str:
        where = f" on {rule.target_integration}" if rule.target_integration else ""
        whose = " of anyone" if rule.applies_to == AutomationRule.AppliesTo.EVERYONE else ""
        symbol = SYMBOLS.get(rule.condition_operator, rule.condition_operator)
        return f"{metric_name(rule.metric_type)}{whose}{where} {symbol}\u00a0{number(rule.threshold_value)}"

    @display(description="action", ordering="action_type")
    def does(self, rule: AutomationRule) -> str:
        return rule.get_action_type_display()

    @display(description="severity", ordering="severity", label=TONES)
    def severity_label(self, rule: AutomationRule) -> str:
        return rule.severity

    @display(description="status", ordering="status", label=TONES)
    def state(self, rule: AutomationRule) -> str:
        return "firing" if getattr(rule, "firing_instances", 0) else rule.status

    @display(description="last triggered", ordering="last_triggered_at")
    def triggered(self, rule: AutomationRule) -> str:
        return when(rule.last_triggered_at)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return RuleChangeList

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do(PAUSE, self, request, queryset)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do(ACTIVATE, self, request, queryset)

    @admin.action(description="Delete", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do(DELETE, self, request, queryset)

    # -- the form --------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        namespace: dict[str, Any] = {"maker": request.user, "Meta": type("Meta", (RuleForm.Meta,), {})} | option_fields()
        namespace["suggested"] = request.GET.get("threshold", "")
        return super().get_form(request, obj, change, **kwargs | {"form": type("RuleForm", (RuleForm,), namespace)})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        watched = ["rule_name", "metric_type", "target_integration"]
        if has_everyone(request.user, "change"):
            watched += ["applies_to", "user"]
        elif obj is not None and obj.applies_to == AutomationRule.AppliesTo.EVERYONE:
            watched += ["applies_to"]
        done = ["action_type", *option_fields(), "severity", "repeat_every"]
        fine = ["no_data_policy", "status", "runbook_url", "description"]
        return [
            ("What is watched", {"fields": watched}),
            ("When it fires", {"fields": ["condition_operator", "threshold_value"]}),
            ("What is done", {"fields": done}),
            ("Fine print", {"fields": fine}),
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in LINES:
            kwargs["widget"] = UnfoldAdminTextInputWidget(attrs=dict(LINES[db_field.name]))
        if db_field.name == "description":
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        types = Integration.objects.visible_to(request.user).order_by("integration_type")
        known = {
            "metrics": catalogue(request.user),
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            "integrations": types.values_list("integration_type", flat=True).distinct()[:200],
        }
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | known)

    def save_model(self, request: HttpRequest, obj: AutomationRule, form: Any, change: bool) -> None:
        """Save, which makes a version; where nothing differs there is nothing to save."""
        if not change or differs(obj):
            super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: AutomationRule, post_url_continue: Any = None) -> HttpResponse:
        return self._to_its_page(request, obj, f"The rule “{obj}” is made.")

    def response_change(self, request: HttpRequest, obj: AutomationRule) -> HttpResponse:
        return self._to_its_page(request, obj, f"The rule “{obj}” is saved.")

    def _to_its_page(self, request: HttpRequest, rule: AutomationRule, said: str) -> HttpResponse:
        messages.success(request, said)
        return HttpResponseRedirect(page_of(rule))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with a rule, in words and numbers; its instances are the rule's own, whoever may delete it."""
        rules = list(objs)
        instances = RuleState.objects.filter(rule__in=rules).count()
        counts = {"rules": len(rules), "instances": instances}
        return [str(rule) for rule in rules], counts, set(), []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return versions_page(request, self, object_id)

    # -- the other pages -------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "preview/": (form_reading, "preview"),
            "<uuid:rule_id>/": (rule_page, "page"),
            "<uuid:rule_id>/status/": (set_status, "status"),
            "<uuid:rule_id>/improvement/": (improvement_page, "improvement"),
        }
        own = [
            path(route, self.admin_site.admin_view(self._bound(view)), name=f"rules_automationrule_{name}")
            for route, (view, name) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def _bound(self, view: Any) -> Any:
        return lambda request, **kwargs: view(request, self, **kwargs)


def differs(rule: AutomationRule) -> bool:
    """Whether saving `rule` would change anything but the time of its last change."""
    stored = AutomationRule.objects.filter(pk=rule.pk).first()
    fields = [field.attname for field in AutomationRule._meta.concrete_fields if field.name != "updated_at"]
    return stored is None or any(getattr(stored, name) != getattr(rule, name) for name in fields)
