"""The activity list: its search, period, chips, histogram, facets and rows."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from rules.explain.episodes import Episode, episode_keys, episodes_of
from rules.models import ActivityEntry, EntryCount, SavedView
from rules.pages.activity.addresses import EXACT, ActivityAddresses
from rules.pages.activity.columns import DENSITIES, LIST_COLUMNS, is_dense, shown_columns
from rules.pages.activity.histogram_chart import Chart, chart_of
from rules.pages.activity.markup import bars_html, rows_html
from rules.pages.activity.periods import between, is_live
from rules.pages.activity.rows import EntryRow, rows_of
from rules.pages.activity.saved_views import address_of
from rules.search.facets import Facet, Facets, facets
from rules.search.histogram import histogram
from rules.search.sample import MAX_COUNTED_EXACTLY, Sample, sample_of
from smartagent.kernel.scope import has_everyone, visible_keys
from smartagent.postgres.estimate import estimated
from smartagent.shell.list_pagination import place_of

EPISODES_SHOWN = 25  # on a page
# Rows and cost of a list with which histogram and facets come, and days of the whole log, of which there are counts.
MAX_AT_ONCE, MAX_COST, MAX_DAYS_AT_ONCE = 10_000, 20_000, timedelta(days=31)


class ActivityChangeList(ActivityAddresses):
    """Everything that the page shows, each part computed when the template asks for it."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request, self.viewer, self.now = request, request.user, timezone.now()
        self.column_names = shown_columns(request)
        self.dense = is_dense(request)
        super().__init__(request, *args, **kwargs)

    def get_results(self, request: HttpRequest) -> None:
        if self.is_grouped:
            self._get_episodes()
            return
        super().get_results(request)
        seen = visible_keys(request.user, *(entry.rule for entry in self.result_list))
        for entry in self.result_list:
            entry.sees_rule = entry.rule_id in seen

    @property
    def complaints(self) -> list[str]:
        """What the address asks for that there is not."""
        group, density = self.params.get("group", ""), self.params.get("density", "")
        names = [name for name in self.params.get("columns", "").split(",") if name and name not in LIST_COLUMNS]
        return [
            *super().complaints,
            *([f"“{group}” is not a grouping. Use episode."] if group not in ("", "episode") else []),
            *([f"“{density}” is not a density. Use comfortable or compact."] if density not in DENSITIES else []),
            *([f"Unknown columns: {', '.join(names)}. Valid columns: {', '.join(LIST_COLUMNS)}."] if names else []),
        ]

    @cached_property
    def chart(self) -> Chart:
        """The histogram of the entries of the period."""
        end = min(self.period.end or self.now, self.now)
        sample = self._sample(end)
        entries = self._among(sample.taken) if sample else self.filtered
        found = histogram(entries, self.period.start, end, is_whole_log=self.is_whole_log)
        return chart_of(found, lambda start, end: self.in_period(between(start, end)), sample.weight if sample else 1)

    @cached_property
    def counted_facets(self) -> Facets:
        """The commonest values, with how many entries have them."""
        return facets(self.filtered, self.viewer)

    @property
    def facet_lists(self) -> list[tuple[Facet, list[dict[str, Any]]]]:
        """Each facet with its values: label, count, whether it is filtered by, and the addresses."""
        return [(facet, [self._facet_value(value) for value in facet.values]) for facet in self.counted_facets.facets]

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns that are shown, with their heads; that of errors where there are some."""
        has_errors = not self.is_grouped and any(entry.error_message for entry in self.result_list)
        return [(name, LIST_COLUMNS[name]) for name in self.column_names if name != "error" or has_errors]

    @property
    def column_choices(self) -> list[tuple[str, str, bool]]:
        """Every column, and whether it is shown."""
        return [(name, label, name in self.column_names) for name, label in LIST_COLUMNS.items()]

    @property
    def rows(self) -> list[EntryRow]:
        """The rows of this page."""
        return rows_of(self.result_list, self)

    @property
    def row_cells(self) -> list[tuple[UUID, SafeString]]:
        """The rows of this page, each with the markup of its cells."""
        return rows_html(self.rows, self.columns, reverse("admin:rules_activityentry_changelist"))

    @property
    def bars(self) -> SafeString:
        """The markup of the histogram."""
        return bars_html(self.chart.bars)

    @cached_property
    def is_large(self) -> bool:
        """Whether histogram and facets take so long that the list does not wait for them."""
        estimate = estimated(self.filtered)
        if estimate.rows <= MAX_AT_ONCE and estimate.cost <= MAX_COST:
            return False
        is_counted = self.is_whole_log and self.period.lasts(self.now) <= MAX_DAYS_AT_ONCE
        return self.is_grouped or not (is_counted and EntryCount.objects.is_kept())

    @property
    def is_whole_log(self) -> bool:
        """Whether the list has every entry of a time until now."""
        has_filters = bool(self.terms or self.chips or self.complaints)
        return not has_filters and self.period.end is None and has_everyone(self.viewer, "view")

    @property
    def episodes(self) -> list[Episode]:
        """The episodes of this page."""
        return episodes_of([*self.result_list], ActivityEntry.objects.visible_to(self.viewer), self.viewer)

    @property
    def saved_views(self) -> list[tuple[SavedView, str, bool]]:
        """Views to choose from: their address, and whether they are the viewer's own."""
        offered = SavedView.objects.offered_to(self.viewer).select_related("user")
        return [(view, address_of(view.query), view.user_id == self.viewer.pk) for view in offered]

    @property
    def newest_place(self) -> str:
        """Where the list begins, for the question what is newer; empty where it is not live."""
        if self.is_grouped or self.page_num > 1 or self.params.get("past") or not is_live(self.period, self.now):
            return ""
        first: ActivityEntry | None = next(iter(self.result_list), None)
        return (place_of(first, "created_at") or "") if first else ""

    def _sample(self, end: datetime) -> Sample | None:
        """The sample to estimate the histogram from, where counting takes long and nobody asked for that."""
        if self.is_whole_log or EXACT in self.params or estimated(self.filtered).rows <= MAX_COUNTED_EXACTLY:
            return None
        return sample_of(self.period.start, end)

    def _among(self, taken: Q) -> QuerySet[Any]:
        """Those of the filtered entries that are `taken`."""
        filterset = self.model_admin.filterset(self.request)
        filterset.among = taken
        entries = self.root_queryset.filter(taken)
        found: QuerySet[Any] = filterset.filter_queryset(entries) if filterset.is_valid() else entries.none()
        return found

    def _get_episodes(self) -> None:
        """Page through the episodes, of which there is a list of keys."""
        paginator = self.model_admin.get_paginator(None, episode_keys(self.queryset), EPISODES_SHOWN)
        self.paginator, self.result_count, self.full_result_count = paginator, paginator.count, paginator.count
        self.page_num = paginator.validate_number(self.page_num)
        self.counted, self.counted_one = "episodes", "episode"
        self.can_show_all, self.multi_page = False, paginator.num_pages > 1
        self.show_full_result_count = self.show_admin_actions = False
        self.result_list = list(paginator.page(self.page_num).object_list)

    def _facet_value(self, value: Any) -> dict[str, Any]:
        chosen = value.term in self.terms
        without = [known for known in self.terms if known != value.term]
        return {
            "label": value.label, "count": value.count, "chosen": chosen,
            "with": self.with_terms(without) if chosen else self.with_term(value.term),
            "except": self.with_term(value.term.other),
        }  # fmt: skip


class ActivitySummary(ActivityChangeList):
    """The list without its rows: histogram and facets alone."""

    def get_results(self, request: HttpRequest) -> None:
        self.result_list, self.result_count = [], 0
