"""The pages of a metric query: form with a trial, and its page with the rules on it."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rules.data_sources.changes import NameTaken, save_query
from rules.data_sources.probe import try_query
from rules.data_sources.watched import watching
from rules.models import DataSource, MetricQuery
from rules.pages.forms.metric_query import MetricQueryForm
from smartagent.kernel.limits import limited, too_many
from smartagent.shell.owned_admin import OwnedAdmin

MAX_RULES_OF_QUERY = 10


def page_of_query(query: MetricQuery) -> str:
    """The address of a metric query."""
    return reverse("admin:rules_metricquery_page", args=[query.pk])


@require_safe
def query_page(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID) -> HttpResponse:
    """Show a query: what it asks, and the rules that watch it."""
    query = model_admin.find(request, pk, "source")
    return model_admin.show(request, "rules/metric_query_page.html", _page(request, model_admin, query))


@require_POST
@limited("previews")
def ask_query(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID) -> HttpResponse:
    """Ask the stored query now, and show its series."""
    query = _changeable(request, model_admin, pk, locked=True)
    context = {"trial": try_query(query, timezone.now())}
    if "HX-Request" in request.headers:
        return render(request, "rules/_query_trial.html", context)
    return model_admin.show(request, "rules/metric_query_page.html", _page(request, model_admin, query) | context)


@require_http_methods(["GET", "POST"])
def new_query(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Create a query."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    return _form(request, model_admin, MetricQuery())


@require_http_methods(["GET", "POST"])
def edit_query(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID) -> HttpResponse:
    """Edit a query."""
    return _form(request, model_admin, _changeable(request, model_admin, pk))


def _page(request: HttpRequest, model_admin: OwnedAdmin, query: MetricQuery) -> dict[str, Any]:
    rules = watching([query.name]).visible_to(request.user)
    return {
        "title": query.name, "query": query, "rules": list(rules.order_by("rule_name")[:MAX_RULES_OF_QUERY]),
        "rule_count": rules.count(), "may_ask": model_admin.has_change_permission(request),
        "may_change": model_admin.has_change_permission(request, query),
        "may_delete": model_admin.has_delete_permission(request, query),
        "sees_source": request.user.has_perm("rules.view_datasource"),
        "may_add_rule": request.user.has_perm("rules.add_automationrule"),
    }  # fmt: skip


def _form(request: HttpRequest, model_admin: OwnedAdmin, query: MetricQuery) -> HttpResponse:
    fresh, name, tries = query._state.adding, query.name, "_try" in request.POST
    if tries and (refused := too_many(request, "previews")):
        return refused
    form = MetricQueryForm(request.POST or None, query=query, initial=_given(request) if fresh else None)
    context: dict[str, Any] = {"tries": tries}
    if request.method == "POST" and form.is_valid() and not tries and _is_saved(request, form):
        return HttpResponseRedirect(page_of_query(query))
    if tries and form.may_try():
        trial = try_query(query, timezone.now())
        context["trial"] = trial
        if trial.error:
            form.add_error("expression", trial.error)
    context |= {
        "title": "Add metric query" if fresh else f"Edit {name}", "form": form,
        "has_sources": DataSource.objects.exists(),
        "back": reverse("admin:rules_metricquery_changelist") if fresh else page_of_query(query),
    }  # fmt: skip
    if tries and "HX-Request" in request.headers:
        return render(request, "rules/_query_trial.html", context)
    return model_admin.show(request, "rules/metric_query_form.html", context)


def _is_saved(request: HttpRequest, form: MetricQueryForm) -> bool:
    try:
        save_query(form.instance, request.user, timezone.now())
    except NameTaken as error:
        form.add_error("name", str(error))
        return False
    messages.success(request, f"Metric query “{form.instance.name}” saved.")
    return True


def _given(request: HttpRequest) -> dict[str, Any]:
    """The source that the address names, else the only one."""
    sources = DataSource.objects.filter(name=request.GET["source"]) if "source" in request.GET else DataSource.objects
    found = list(sources.all()[:2])
    return {"source": found[0]} if len(found) == 1 else {}


def _changeable(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID, *, locked: bool = False) -> MetricQuery:
    """The query, which the person may change; with `locked`, also one that a file manages."""
    query: MetricQuery = model_admin.find(request, pk, "source")
    if not model_admin.has_change_permission(request, None if locked else query):
        raise PermissionDenied
    return query
