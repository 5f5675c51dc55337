"""The list of runs: when, how many rules, how long, how late."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from rules.evaluation.stages import NUMBERS
from rules.filters import RunFilter
from rules.models import DispatchRun
from rules.pages.activity.run import run_page
from smartagent.kernel.formats import clock
from smartagent.shell.filtered_list import RecordAdmin
from smartagent.templatetags.shown import SEVERITY_TONES, duration, when


@admin.register(DispatchRun)
class RunAdmin(RecordAdmin):
    slug = "runs"
    filterset_class = RunFilter
    keyset = "started_at"
    empty_title = "No evaluations yet"
    empty_text = "Rules are evaluated every five minutes. “Evaluate now” starts an evaluation immediately."
    list_display = ("started", "triggered_by", "outcome_label", "rules_evaluated", "triggered", "acted", "failed",
                    "unread", "took", "lag", "stages")  # fmt: skip
    list_display_links = ("started",)
    list_select_related = ("requested_by",)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return run_page(request, self, object_id)

    def describe(self, record: DispatchRun) -> str:
        return f"{record.get_trigger_display()}, {clock(record.started_at)}"

    @display(description="started", ordering="started_at")
    def started(self, run: DispatchRun) -> str:
        return when(run.started_at)

    @display(description="trigger", ordering="trigger")
    def triggered_by(self, run: DispatchRun) -> str:
        name = run.get_trigger_display()
        return name[:1].upper() + name[1:]

    def trigger_shown(self, run: DispatchRun) -> str:
        who = f", requested by {run.requested_by}" if run.requested_by else ""
        return f"{run.get_trigger_display()}{who}"

    @display(description="outcome", ordering="outcome", label=SEVERITY_TONES)
    def outcome_label(self, run: DispatchRun) -> tuple[str, str]:
        return (run.outcome, run.get_outcome_display())

    @display(description="acted", ordering="succeeded")
    def acted(self, run: DispatchRun) -> int:
        return run.succeeded

    @display(description="no data", ordering="no_data")
    def unread(self, run: DispatchRun) -> str:
        return f"{run.no_data:,}" + (f" and {run.errors:,} errors" if run.errors else "")

    @display(description="duration")
    def took(self, run: DispatchRun) -> str:
        return duration(run.finished_at - run.started_at) if run.finished_at else "–"

    @display(description="delay", ordering="late_by")
    def lag(self, run: DispatchRun) -> str:
        return duration(run.late_by) if run.late_by else "on time" if run.trigger == "schedule" else "–"

    @display(description="stages")
    def stages(self, run: DispatchRun) -> str:
        return stage_bar(run.stage_ms)

    def stage_times(self, run: DispatchRun) -> str:
        return format_html("{} {}", stage_bar(run.stage_ms), stages_in_words(run.stage_ms))


def stages_in_words(stage_ms: Any) -> str:
    """`2 readings 12 ms, 3 candidates 40 ms`"""
    return ", ".join(f"{NUMBERS[stage]} {stage} {span:,.0f} ms" for stage, span in _spans(stage_ms))


def _spans(stage_ms: Any) -> list[tuple[str, float]]:
    known = stage_ms if isinstance(stage_ms, dict) else {}
    return [(stage, float(known[stage])) for stage in NUMBERS if known.get(stage)]


def stage_bar(stage_ms: Any) -> str:
    """The stages of a run as a bar of their shares, with the numbers as text for screen readers."""
    spans = _spans(stage_ms)
    total = sum(span for _, span in spans)
    if not total:
        return "–"
    parts = ((stage, f"{100 * span / total:.1f}", f"{NUMBERS[stage]} {stage}: {span:,.0f} ms") for stage, span in spans)
    # SVG, because a style attribute would not pass a strict content security policy
    offset, drawn = 0.0, []
    for stage, share, title in parts:
        drawn.append((stage, f"{offset:.1f}", share, title))
        offset += float(share)
    bar = format_html_join("", '<rect class="sa-stage-{}" x="{}" width="{}" height="8"><title>{}</title></rect>', drawn)
    return format_html(
        '<svg class="sa-stages" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        stages_in_words(stage_ms), bar,
    )  # fmt: skip
