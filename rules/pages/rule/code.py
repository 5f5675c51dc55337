"""Rules as code in the browser: export, plan, apply and release a file, or convert one of Prometheus."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rules.models import AutomationRule
from rules.prometheus.imported import as_document as imported_document
from rules.prometheus.importer import import_prometheus
from rules.prometheus.report import report_lines
from rules.prometheus.target import target_named
from rules.provisioning.apply import Outdated, apply, takes_over
from rules.provisioning.document import read_text
from rules.provisioning.export import as_document, as_yaml, with_sources
from rules.provisioning.plan import PLAN_LABELS, Item, Plan, make_plan
from rules.provisioning.plan_text import PLAN_SIGNS, change_lines, source_change_lines
from rules.provisioning.problems import FileRefused, Problem
from rules.provisioning.release import release
from rules.provisioning.source_plan import SourceItem
from smartagent.shell.owned_admin import OwnedAdmin

MAX_FILE_BYTES = 8_000_000  # bytes
MAX_SOURCE_NAME = 100  # characters of the name of a data source
PLAN_TONES = {"create": "success", "restore": "success", "adopt": "warning", "change": "info", "delete": "danger"}


def code_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Show the page; with a submitted file, its plan; on request, apply it."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method != "POST":
        return _page(model_admin, request, {})
    if not _may_apply(model_admin, request):
        raise PermissionDenied
    found: dict[str, Any] = {"prune": "prune" in request.POST}
    try:
        text, source = _sent(request)
        found |= {"text": text, "source": source}
        if request.POST.get("verb") == "prometheus":
            return _page(model_admin, request, found | _imported(text, source, _data_source(request)))
        return _planned(model_admin, request, found)
    except FileRefused as error:
        return _page(model_admin, request, found | {"problems": error.problems})


@require_safe
def export_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Download the rules that the person may see, or those of one file."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    rules, source = AutomationRule.objects.visible_to(request.user), request.GET.get("source", "").replace("\x00", "")
    document = as_document(rules.filter(provisioned_by=source) if source else rules, source)
    document = with_sources(document, request.user, source)
    answer = HttpResponse(as_yaml(document), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="rules.yaml"'
    return answer


@require_POST
def release_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Allow editing the rules of a file by hand again."""
    if not _may_apply(model_admin, request):
        raise PermissionDenied
    source = request.POST.get("source", "").replace("\x00", "")
    count = release(source, request.user, timezone.now()) if source else 0
    if count:
        messages.success(request, f"{count:,} {'rule' if count == 1 else 'rules'} released; edit here again.")
    else:
        messages.warning(request, "No rule you can edit is managed by a file with that name.")
    return HttpResponseRedirect(reverse("admin:rules_automationrule_code"))


def _planned(model_admin: OwnedAdmin, request: HttpRequest, found: dict[str, Any]) -> HttpResponse:
    document = read_text(found["text"], found["source"])
    if request.POST.get("verb") != "apply":
        plan = make_plan(document, request.user, prune=found["prune"])
        if plan.problems:
            raise FileRefused(plan.problems)
        return _page(model_admin, request, found | _shown(plan))
    try:
        plan = apply(
            document, request.user, timezone.now(), adopt="adopt" in request.POST, prune=found["prune"],
            fingerprint=request.POST.get("fingerprint", "") or "none",
        )  # fmt: skip
    except Outdated as error:
        messages.warning(request, "Rules changed in the meantime, so nothing was applied. Review the new plan.")
        return _page(model_admin, request, found | _shown(error.plan))
    messages.success(request, f"Applied {plan.source}: {plan.applied}.")
    return HttpResponseRedirect(reverse("admin:rules_automationrule_code"))


def _shown(plan: Plan) -> dict[str, Any]:
    items = [_item(item) for item in plan.items if item.kind != "unchanged" or item.notes]
    items = [_source_item(each) for each in plan.sources if each.kind != "unchanged"] + items
    adopts = any(takes_over(item, plan.source) for item in plan.items) or any(e.kind == "adopt" for e in plan.sources)
    return {"plan": plan, "items": items, "adopts": adopts}


def _source_item(item: SourceItem) -> dict[str, Any]:
    return {
        "sign": PLAN_SIGNS[item.kind], "uid": item.noun, "name": item.name, "doing": PLAN_LABELS[item.kind],
        "notes": item.notes, "tone": PLAN_TONES.get(item.kind, ""), "changes": list(source_change_lines(item)),
    }  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    return {
        "sign": PLAN_SIGNS[item.kind], "uid": item.uid, "name": item.name, "doing": PLAN_LABELS[item.kind],
        "notes": item.notes, "tone": PLAN_TONES.get(item.kind, ""), "changes": list(change_lines(item)),
        "rule": item.rule.pk if item.was and not item.was.deleted_at else None,
    }  # fmt: skip


def _imported(text: str, source: str, data_source: str) -> dict[str, Any]:
    target = target_named(data_source)
    imported = import_prometheus(text, target)
    document = imported_document(imported, source or "prometheus.yaml", target)
    *notes, count = report_lines(imported, target)
    shown = {"text": as_yaml(document), "source": source, "data_source": data_source}
    return shown | {"report": notes, "counted": count}


def _data_source(request: HttpRequest) -> str:
    return request.POST.get("data_source", "").replace("\x00", "").strip()[:MAX_SOURCE_NAME]


def _sent(request: HttpRequest) -> tuple[str, str]:
    """The submitted file and its name; an upload takes precedence over the text field."""
    upload: Any = request.FILES.get("file")
    name = request.POST.get("source", "").strip()
    if upload is None:
        return request.POST.get("text", "").replace("\r\n", "\n"), name
    if upload.size > MAX_FILE_BYTES:
        raise FileRefused([Problem(f"The file is too large. The maximum is {MAX_FILE_BYTES // 1_000_000} MB.")])
    try:
        return upload.read().decode("utf-8-sig"), name or str(upload.name)
    except UnicodeDecodeError:
        raise FileRefused([Problem("The file is not UTF-8 text. Save it as UTF-8.")]) from None


def _may_apply(model_admin: OwnedAdmin, request: HttpRequest) -> bool:
    return bool(model_admin.has_add_permission(request) and model_admin.has_change_permission(request))


def _page(model_admin: OwnedAdmin, request: HttpRequest, found: dict[str, Any]) -> HttpResponse:
    kept = AutomationRule.objects.visible_to(request.user).exclude(provisioned_by="").order_by("provisioned_by")
    context = {
        "title": "Rules as code", "may_apply": _may_apply(model_admin, request),
        "files": list(kept.values("provisioned_by").annotate(rules=Count("pk"))),
        "count": AutomationRule.objects.visible_to(request.user).count(),
    } | found  # fmt: skip
    return model_admin.show(request, "rules/code.html", context)
