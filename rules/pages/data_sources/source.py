"""The pages of a data source: form with a test, and its page with latency, errors, queries and their rules."""

import json
import uuid
from contextlib import suppress
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rules.data_sources.changes import NameTaken, save_source
from rules.data_sources.connections import keep_secrets
from rules.data_sources.probe import Probe, probe
from rules.data_sources.status import SOURCE_STATE_LABELS, SOURCE_TONES, last_errors, source_state
from rules.data_sources.watched import watching
from rules.models import DataSource
from rules.pages.forms.data_source import DataSourceForm
from smartagent.kernel.certificates import Authority, NotCertificates, authorities_in
from smartagent.kernel.limits import limited, too_many
from smartagent.shell.owned_admin import OwnedAdmin

MAX_LISTED = 10  # queries, rules and errors on the page


def page_of_source(source: DataSource) -> str:
    """The address of a data source."""
    return reverse("admin:rules_datasource_page", args=[source.pk])


@require_safe
def source_page(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID) -> HttpResponse:
    """Show a source: how it is reached, how it answers, its queries and the rules on them."""
    source = model_admin.find(request, pk)
    label = SOURCE_STATE_LABELS[source_state(source)]
    rules = watching(source.queries.values_list("name", flat=True)).visible_to(request.user)
    context = {
        "authorities": _authorities_of(source), "now": timezone.now(),
        "title": source.name, "source": source, "state_label": label, "tone": SOURCE_TONES[label],
        "latency": latency_chart(source), "last": source.recent[-1] if source.recent else None,
        "errors": last_errors(source)[:MAX_LISTED],
        "queries": list(source.queries.order_by("name")[:MAX_LISTED]), "query_count": source.queries.count(),
        "rules": list(rules.order_by("rule_name")[:MAX_LISTED]), "rule_count": rules.count(),
        "may_change": model_admin.has_change_permission(request, source),
        "may_delete": model_admin.has_delete_permission(request, source),
        "may_add_query": request.user.has_perm("rules.add_metricquery"),
    }  # fmt: skip
    return model_admin.show(request, "rules/data_source_page.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_source(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Create a data source."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    return _form(request, model_admin, DataSource())


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def edit_source(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID) -> HttpResponse:
    """Edit a data source."""
    return _form(request, model_admin, _changeable(request, model_admin, pk))


@require_POST
@limited("previews")
def test_source(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID) -> HttpResponse:
    """Ask the source, and show its answer."""
    source = _changeable(request, model_admin, pk, locked=True)
    found = probe(source, timezone.now())
    (messages.error if found.error else messages.success)(request, str(found))
    return HttpResponseRedirect(page_of_source(source))


def _authorities_of(source: DataSource) -> list[Authority]:
    with suppress(NotCertificates):  # another program may have written it
        return authorities_in(source.ca_certificate)
    return []


def latency_chart(source: DataSource) -> str:
    """Median and slowest query of the last evaluations in milliseconds, as data of Chart.js; empty without any."""
    if not source.recent:
        return ""
    times = [timezone.localtime(datetime.fromisoformat(each["at"])) for each in source.recent]
    lines = [("median", "Median (ms)", "500"), ("slowest", "Slowest (ms)", "300")]
    sets = [
        {"label": label, "data": [each[key] for each in source.recent], "borderColor": f"var(--color-primary-{shade})",
         "pointRadius": 0, "borderWidth": 2}
        for key, label, shade in lines
    ]  # fmt: skip
    return json.dumps({"labels": [f"{time:%a %H:%M}" for time in times], "datasets": sets})


def _form(request: HttpRequest, model_admin: OwnedAdmin, source: DataSource) -> HttpResponse:
    name, tests = source.name, "_test" in request.POST
    if tests and (refused := too_many(request, "previews")):
        return refused
    form = DataSourceForm(request.POST or None, source=source)
    found: Probe | None = None
    if request.method == "POST" and form.is_valid():
        if not tests and _is_saved(request, form):
            return HttpResponseRedirect(page_of_source(source))
        if tests:
            keep_secrets(form.instance, form.secrets)
            found = probe(form.instance, timezone.now())
    context = {
        "title": "Add data source" if form.fresh else f"Edit {name}", "form": form, "probe": found, "tests": tests,
        "back": reverse("admin:rules_datasource_changelist") if form.fresh else page_of_source(source),
    }  # fmt: skip
    if tests and "HX-Request" in request.headers:
        return render(request, "rules/_probe.html", context)
    return model_admin.show(request, "rules/data_source_form.html", context)


def _is_saved(request: HttpRequest, form: DataSourceForm) -> bool:
    try:
        save_source(form.instance, form.secrets, request.user, timezone.now())
    except NameTaken as error:
        form.add_error("name", str(error))
        return False
    messages.success(request, f"Data source “{form.instance.name}” saved.")
    return True


def _changeable(request: HttpRequest, model_admin: OwnedAdmin, pk: uuid.UUID, *, locked: bool = False) -> DataSource:
    """The source, which the person may change; with `locked`, also one that a file manages."""
    source: DataSource = model_admin.find(request, pk)
    if not model_admin.has_change_permission(request, None if locked else source):
        raise PermissionDenied
    return source
