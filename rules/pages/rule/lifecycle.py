"""Actions on a rule as a whole: copy, publish, test, restore; and the recycle bin."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rules.authoring.rule_limit import rule_limit_problem
from rules.lifecycle.copies import clone
from rules.lifecycle.recycle_bin import MAX_BINNED_RULES, RETENTION, delete_for_good, undelete
from rules.lifecycle.status import activate
from rules.lifecycle.test_fire import test_fire
from rules.lifecycle.versions import NotSound, restore
from rules.models import AutomationRule
from rules.pages.links import page_of
from rules.pages.rule.page import find_rule
from rules.pages.rule.test_fire import ask_to_test
from rules.permissions import may_switch
from smartagent.kernel.coerce import as_uuid
from smartagent.shell.confirmation import is_confirmed
from smartagent.shell.owned_admin import OwnedAdmin


@require_POST
def clone_rule(request: HttpRequest, model_admin: OwnedAdmin, rule_id: UUID) -> HttpResponse:
    """Create a draft like the rule, and open it in the editor."""
    rule = find_rule(model_admin, request, rule_id)
    if not model_admin.has_add_permission(request) or not _owned(request, rule):
        raise PermissionDenied
    if problem := rule_limit_problem(rule.user):
        messages.error(request, problem)
        return HttpResponseRedirect(page_of(rule))
    copied = clone(rule, request.user, timezone.now())
    messages.success(request, f"Draft “{copied}” created as a copy of “{rule}”. Edit and publish it.")
    return HttpResponseRedirect(reverse("admin:rules_automationrule_change", args=[copied.pk]))


@require_POST
def publish_rule(request: HttpRequest, model_admin: OwnedAdmin, rule_id: UUID) -> HttpResponse:
    """Activate a draft."""
    rule = _switchable(model_admin, request, rule_id)
    if activate(AutomationRule.objects.filter(pk=rule.pk), request.user, timezone.now()):
        messages.success(request, f"Rule “{rule}” published. It takes effect at the next evaluation.")
    return HttpResponseRedirect(page_of(rule))


@require_http_methods(["GET", "POST"])
def test_rule(request: HttpRequest, model_admin: OwnedAdmin, rule_id: UUID) -> HttpResponse:
    """Ask, saying whom the test would reach; confirmed, run the action of the rule as a test, and show the result."""
    rule = _switchable(model_admin, request, rule_id)
    if not is_confirmed(request):
        return ask_to_test(request, rule, timezone.now())
    entry = test_fire(rule, request.user, timezone.now())
    if entry.status == "success":
        messages.success(request, f"Test of the action {rule.action_type} succeeded. See the activity log.")
    else:
        messages.error(request, f"Test of the action {rule.action_type} failed: {entry.error_message}")
    return HttpResponseRedirect(page_of(rule))


test_rule.__test__ = False  # type: ignore[attr-defined]  # pytest is not to collect it


@require_POST
def restore_version(request: HttpRequest, model_admin: OwnedAdmin, rule_id: UUID) -> HttpResponse:
    """Restore an old version, as a new one."""
    rule, given = _changeable(model_admin, request, rule_id), request.POST.get("version", "")
    try:
        version = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
        changed = restore(rule, version, request.user, timezone.now())
    except LookupError as error:
        messages.error(request, str(error))
    except NotSound as error:
        messages.error(request, f"Version {version} cannot be restored: it is no longer valid. {error}")
    else:
        message = f"Version {version} restored." if changed else "No changes: the rule already equals this version."
        messages.success(request, message)
    return HttpResponseRedirect(reverse("admin:rules_automationrule_history", args=[rule.pk]))


@require_safe
def bin_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Show the recycle bin, newest first."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    rules = list(
        AutomationRule.binned.visible_to(request.user)
        .select_related("user", "deleted_by")
        .order_by("-deleted_at")[:MAX_BINNED_RULES]
    )
    for rule in rules:
        rule.gone_at = rule.deleted_at + RETENTION
    context = {
        "title": "Recycle bin", "rules": rules,
        "may_change": model_admin.has_delete_permission(request),
    }  # fmt: skip
    return model_admin.show(request, "rules/bin.html", context)


@require_POST
def empty_from_bin(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Restore one rule of the bin, or delete it permanently."""
    if not model_admin.has_delete_permission(request):
        raise PermissionDenied
    key = as_uuid(request.POST.get("rule", ""))
    rules = AutomationRule.binned.changeable_by(request.user).filter(pk=key)
    rule = rules.first()
    if rule is None:
        messages.error(request, "This rule is no longer in the recycle bin.")
    elif request.POST.get("do") == "undelete" and (problem := rule_limit_problem(rule.user)):
        messages.error(request, problem)
    elif request.POST.get("do") == "undelete":
        undelete(rules, request.user, timezone.now())
        messages.success(request, f"Rule “{rule}” restored and paused. Review and activate it.")
        return HttpResponseRedirect(page_of(rule))
    elif request.POST.get("do") == "delete":
        delete_for_good(rules, request.user, timezone.now())
        messages.success(request, f"Rule “{rule}” permanently deleted. Its activity log is kept.")
    return HttpResponseRedirect(reverse("admin:rules_automationrule_bin"))


def _switchable(model_admin: OwnedAdmin, request: HttpRequest, rule_id: UUID) -> AutomationRule:
    rule = find_rule(model_admin, request, rule_id)
    if not may_switch(request.user, rule):
        raise PermissionDenied
    return rule


def _changeable(model_admin: OwnedAdmin, request: HttpRequest, rule_id: UUID) -> AutomationRule:
    rule = find_rule(model_admin, request, rule_id)
    if not model_admin.has_change_permission(request, rule):
        raise PermissionDenied
    return rule


def _owned(request: HttpRequest, rule: AutomationRule) -> bool:
    return AutomationRule.objects.changeable_by(request.user).filter(pk=rule.pk).exists()
