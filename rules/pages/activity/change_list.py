"""The activity list: its search, period, chips, histogram, facets and rows."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from rules.explain.episodes import Episode, episode_keys, episodes_of
from rules.models import ActivityEntry, SavedView
from rules.pages.activity.columns import COLUMNS, is_dense, shown_columns
from rules.pages.activity.histogram_chart import Chart, chart_of
from rules.pages.activity.markup import bars_html, rows_html
from rules.pages.activity.periods import NAMES, Period, between, is_live, period_of
from rules.pages.activity.rows import Row, rows_of
from rules.pages.activity.saved_views import address_of
from rules.search.estimate import estimated
from rules.search.facets import Facet, Facets, facets
from rules.search.histogram import histogram
from rules.search.query import SearchError, Term, parse, written
from smartagent.kernel.scope import visible_keys
from smartagent.shell.filtered_list import FilteredChangeList
from smartagent.shell.list_pagination import place_of

TIME_PARAMETERS: dict[str, str | None] = {"within": None, "after": None, "before": None}
MAX_AT_ONCE, MAX_COST = 100_000, 100_000  # rows and cost of a list with which histogram and facets come
EXPORTED = {"event": "event_label"}  # columns of the file with another name than those of the page
EXPORT_LABELS = {"csv": "CSV", "ndjson": "JSON lines", "xlsx": "Excel workbook"}
FROM_THE_TOP: dict[str, str | None] = {"p": None, "past": None, "entry": None}


class ActivityChangeList(FilteredChangeList):
    """Everything that the page shows, each part computed when the template asks for it."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.viewer, self.now = request.user, timezone.now()
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
    def search_text(self) -> str:
        """What was searched for, as it was written."""
        return str(self.panel.filterset.data.get("search") or "")

    @cached_property
    def terms(self) -> list[Term]:
        """Those of the search; none where it is invalid."""
        try:
            return parse(self.search_text)
        except SearchError:
            return []

    def with_terms(self, terms: Sequence[Term]) -> str:
        """The address of the same list with another search."""
        return str(self.get_query_string(FROM_THE_TOP | {"search": written(terms) or None}))

    def with_term(self, term: Term) -> str:
        """The address with one term more, its opposite taken away."""
        return self.with_terms([*(known for known in self.terms if known not in (term, term.other)), term])

    @property
    def chips(self) -> list[dict[str, Any]]:
        """The terms of the search and the other filters; the period has a place of its own."""
        terms = [
            {
                "text": str(term), "by_default": False,
                "without": self.with_terms([known for known in self.terms if known != term]),
            }
            for term in self.terms
        ]  # fmt: skip
        return terms + [chip for chip in super().chips if chip["name"] not in ("search", *TIME_PARAMETERS)]

    @cached_property
    def period(self) -> Period:
        """From when until when the list reaches."""
        form = self.panel.filterset.form
        given = form.cleaned_data if form.is_valid() else {}
        terms = self.terms if form.is_valid() else []
        return period_of(given.get("within") or "", (given.get("after"), given.get("before")), terms, self.now)

    @property
    def period_choices(self) -> list[tuple[str, str, bool]]:
        """Periods to choose from: name, address, and whether it is the one shown."""
        choices = [
            (label, self._in_period({"within": name}), self.period.name == name) for name, label in NAMES.items()
        ]
        everything = self.period.start is None and self.period.end is None
        return [*choices, ("All time", self._in_period({"within": ""}), everything)]

    @property
    def earlier(self) -> str | None:
        """The address of the period before."""
        beside = self.period.beside(self.now)
        return self._in_period(beside[0]) if beside else None

    @property
    def later(self) -> str | None:
        """The address of the period after it, where that has begun."""
        beside = self.period.beside(self.now)
        return self._in_period(beside[1]) if beside and beside[1] else None

    @property
    def all_time(self) -> str:
        """The address of the same list without limits of time."""
        timeless = [term for term in self.terms if term.field not in TIME_PARAMETERS]
        return str(self.get_query_string(TIME_PARAMETERS | {"within": "", "search": written(timeless) or None}))

    @cached_property
    def chart(self) -> Chart:
        """The histogram of the entries of the period."""
        found = histogram(self.filtered, self.period.start, min(self.period.end or self.now, self.now))
        return chart_of(found, lambda start, end: self._in_period(between(start, end)))

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
        return [(name, COLUMNS[name]) for name in self.column_names if name != "error" or has_errors]

    @property
    def column_choices(self) -> list[tuple[str, str, bool]]:
        """Every column, and whether it is shown."""
        return [(name, label, name in self.column_names) for name, label in COLUMNS.items()]

    @property
    def carried(self) -> Iterable[tuple[str, str]]:
        """The parameters that a form of the page carries on."""
        left_out = ("p", "past", "entry", "e", "columns", "density")
        return [(name, value) for name, value in self.params.items() if name not in left_out and value != ""]

    @property
    def rows(self) -> list[Row]:
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
        return estimate.rows > MAX_AT_ONCE or estimate.cost > MAX_COST

    @property
    def summary_address(self) -> str:
        """Where histogram and facets of a large list come from."""
        return reverse("admin:rules_activityentry_summary") + str(self.get_query_string())

    @property
    def is_grouped(self) -> bool:
        """Whether the list shows episodes instead of entries."""
        return bool(self.params.get("group") == "episode")

    @property
    def grouping(self) -> list[tuple[str, str, bool]]:
        """The ways to show the list: label, address, and whether it is this one."""
        top = FROM_THE_TOP | {"group": None}
        entries, episodes = self.get_query_string(top), self.get_query_string(top | {"group": "episode"})
        return [("Entries", entries, not self.is_grouped), ("Episodes", episodes, self.is_grouped)]

    @property
    def episodes(self) -> list[Episode]:
        """The episodes of this page."""
        return episodes_of([*self.result_list], ActivityEntry.objects.visible_to(self.viewer), self.viewer)

    @property
    def report_address(self) -> str:
        """Where the incident report of the list is."""
        return reverse("admin:rules_activityentry_report") + str(self.get_query_string(FROM_THE_TOP | {"group": None}))

    @property
    def exports(self) -> list[tuple[str, str]]:
        """The addresses of the list as a file, with the name of each format."""
        data = self.panel.filterset.data
        kept = {name: data[name] for name in self.panel.filterset.filters if data.get(name)}
        columns = ",".join(EXPORTED.get(name, name) for name in self.column_names)
        return [
            (f"{reverse('api:activity-export')}?{urlencode(kept | {'format': kind, 'columns': columns})}", label)
            for kind, label in EXPORT_LABELS.items()
        ]

    @property
    def saved_views(self) -> list[tuple[SavedView, str, bool]]:
        """Views to choose from: their address, and whether they are the viewer's own."""
        offered = SavedView.objects.offered_to(self.viewer).select_related("user")
        return [(view, address_of(view.query), view.user_id == self.viewer.pk) for view in offered]

    @property
    def query_here(self) -> str:
        """The address of the list as it is, to be saved."""
        return str(self.get_query_string(FROM_THE_TOP))[1:]

    @property
    def newest_place(self) -> str:
        """Where the list begins, for the question what is newer; empty where it is not live."""
        if self.is_grouped or self.page_num > 1 or self.params.get("past") or not is_live(self.period, self.now):
            return ""
        first: ActivityEntry | None = next(iter(self.result_list), None)
        return (place_of(first, "created_at") or "") if first else ""

    def _get_episodes(self) -> None:
        """Page through the episodes, of which there is a list of keys."""
        paginator = self.model_admin.get_paginator(None, episode_keys(self.queryset), self.list_per_page)
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

    def _in_period(self, parameters: dict[str, str | None]) -> str:
        timeless = [term for term in self.terms if term.field not in TIME_PARAMETERS]
        search = {"search": written(timeless) or None}
        return str(self.get_query_string(TIME_PARAMETERS | FROM_THE_TOP | search | parameters))
