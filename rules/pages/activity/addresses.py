"""The addresses of the activity list: with another search, period or shape."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from rules.pages.activity.periods import PERIOD_NAMES, ListPeriod, period_of
from rules.search.query import SearchError, Term, parse, written
from smartagent.shell.filtered_list import FilteredChangeList

TIME_PARAMETERS: dict[str, str | None] = {"within": None, "after": None, "before": None}
EXACT = "exact"
FROM_THE_TOP: dict[str, str | None] = {"p": None, "past": None, "entry": None, EXACT: None}
EXPORTED = {"event": "event_label"}  # columns of the file with another name than those of the page
EXPORT_LABELS = {"csv": "CSV", "ndjson": "JSON lines", "xlsx": "Excel workbook"}


class ActivityAddresses(FilteredChangeList):
    """A list that knows its search and its period, and the addresses of the same list with others."""

    now: datetime
    column_names: list[str]

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
    def period(self) -> ListPeriod:
        """From when until when the list reaches."""
        form = self.panel.filterset.form
        given = form.cleaned_data if form.is_valid() else {}
        terms = self.terms if form.is_valid() else []
        return period_of(given.get("within") or "", (given.get("after"), given.get("before")), terms, self.now)

    @property
    def period_choices(self) -> list[tuple[str, str, bool]]:
        """Periods to choose from: name, address, and whether it is the one shown."""
        choices = [
            (label, self.in_period({"within": name}), self.period.name == name) for name, label in PERIOD_NAMES.items()
        ]
        everything = self.period.start is None and self.period.end is None
        return [*choices, ("All time", self.in_period({"within": ""}), everything)]

    @property
    def earlier(self) -> str | None:
        """The address of the period before, where there is one."""
        period = self.period.before()
        return self.in_period(period) if period else None

    @property
    def later(self) -> str | None:
        """The address of the period after it, where that has begun."""
        period = self.period.after()
        return self.in_period(period) if period else None

    @property
    def all_time(self) -> str:
        """The address of the same list without limits of time."""
        timeless = [term for term in self.terms if term.field not in TIME_PARAMETERS]
        return str(self.get_query_string(TIME_PARAMETERS | {"within": "", "search": written(timeless) or None}))

    @property
    def carried(self) -> Iterable[tuple[str, str]]:
        """The parameters that a form of the page carries on."""
        left_out = ("p", "past", "entry", "e", "columns", "density")
        return [(name, value) for name, value in self.params.items() if name not in left_out and value != ""]

    @property
    def exact_histogram(self) -> str:
        """The address of the histogram, counted however long that takes."""
        return reverse("admin:rules_activityentry_histogram") + str(self.get_query_string({EXACT: "1"}))

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
    def query_here(self) -> str:
        """The address of the list as it is, to be saved."""
        return str(self.get_query_string(FROM_THE_TOP))[1:]

    def in_period(self, parameters: dict[str, str | None]) -> str:
        timeless = [term for term in self.terms if term.field not in TIME_PARAMETERS]
        search = {"search": written(timeless) or None}
        return str(self.get_query_string(TIME_PARAMETERS | FROM_THE_TOP | search | parameters))
