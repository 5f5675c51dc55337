"""An incident report of the entries that the activity list shows, to print or as a Markdown file."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from rules.incident_report.markdown import as_markdown
from rules.incident_report.report import IncidentReport, incident_report
from rules.models import RuleState
from rules.pages.activity.saved_views import address_of
from rules.pages.rule.history import RuleHistory, history_of
from rules.text.phrases import series

MAX_CHARTS, MAX_STRIPS = 6, 12
MARGIN = timedelta(hours=1)  # before and after, in the charts


def report_page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """The report of the list that the address asks for; `format=md` is the file."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    changes = model_admin.get_changelist_instance(request)
    if changes.complaints:
        return HttpResponseRedirect(address_of(changes.query_here))
    report = incident_report(changes.filtered, request.user, changes.period.words, changes.search_text)
    charts = _charts(report, request.user)
    if request.GET.get("format") == "md":
        return _file(report, charts)
    context = {
        "title": "Incident report", "report": report, "charts": charts, "made": timezone.now(),
        "list_address": address_of(changes.query_here),
        "file_address": changes.get_query_string({"format": "md"}),
    }  # fmt: skip
    return model_admin.show(request, "rules/activity/report.html", context)  # type: ignore[no-any-return]


def _file(report: IncidentReport, charts: list[tuple[str, RuleHistory]]) -> HttpResponse:
    words = [(title, [_in_words(strip) for strip in history.strips]) for title, history in charts]
    response = HttpResponse(as_markdown(report, words), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="incident-{timezone.localdate():%Y-%m-%d}.md"'
    return response


def _in_words(strip: Any) -> str:
    named = series(strip.state.rule.metric_type, str(strip.state.user or ""), strip.state.target)
    latest = f", latest {strip.latest}" if strip.latest else ""
    return f"{named}: {strip.words or 'no states recorded'}{latest}"


def _charts(report: IncidentReport, viewer: Any) -> list[tuple[str, RuleHistory]]:
    """The readings and states of the instances, by rule; those of the first rules and instances."""
    if not report.episodes or report.start is None or report.end is None:
        return []
    keys = {one.key.state for one in report.episodes}
    states = RuleState.objects.visible_to(viewer).filter(pk__in=keys).select_related("rule", "user").order_by("since")
    by_rule: dict[UUID, list[RuleState]] = defaultdict(list)
    for state in states:
        by_rule[state.rule_id].append(state)
    start, end = report.start - MARGIN, min(report.end + MARGIN, timezone.now())
    return [
        (str(own[0].rule), history_of(own[0].rule, own[:MAX_STRIPS], start, end))
        for own in list(by_rule.values())[:MAX_CHARTS]
    ]
