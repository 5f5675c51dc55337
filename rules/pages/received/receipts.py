"""The list of received metrics: what each person's programs sent by which protocol, and what was not stored."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.decorators import display

from rules.filters.receipts import ReceiptFilter
from rules.models import MetricReceipt, MetricSeries
from rules.pages.received.receipt import receipt_page
from rules.text.not_kept import examples_of, not_kept_in_words
from smartagent.kernel.scope import has_everyone
from smartagent.shell.filtered_list import RecordAdmin
from smartagent.templatetags.shown import when

MAX_EXAMPLE = 160  # characters in the list; its page has all of them


@admin.register(MetricReceipt)
class ReceiptAdmin(RecordAdmin):
    slug = "received-metrics"
    list_title = "Received metrics"
    filterset_class = ReceiptFilter
    empty_title = "No metrics received yet"
    empty_text = (
        "What other programs send with your API tokens is counted here. Create a token, and paste the lines below into "
        "the configuration of one of them."
    )
    list_before_template = "rules/received/before.html"
    list_after_template = "rules/received/senders.html"
    list_display = (
        "shown_protocol", "user", "latest", "request_count", "sample_count", "series_count", "left_out",
    )  # fmt: skip
    list_display_links = ("shown_protocol",)
    list_select_related = ("user",)
    ordering = ("-last_at", "-id")
    sortable_by = ("shown_protocol", "user", "latest", "request_count", "sample_count")
    search_fields = ("protocol", "example")
    search_help_text = "Protocol or example"

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(name for name in self.list_display if name != "user" or has_everyone(request.user, "view"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        address = {"base_address": request.build_absolute_uri("/")[:-1]}
        return super().changelist_view(request, (extra_context or {}) | address)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return receipt_page(request, self, object_id)

    def prepare(self, rows: list[MetricReceipt]) -> None:
        """The number of series of each person, whoever sent them, in one query."""
        of_people = MetricSeries.objects.filter(user__in={row.user_id for row in rows}).order_by()
        counts = dict(of_people.values_list("user").annotate(Count("pk")))
        for row in rows:
            row.series_known = counts.get(row.user_id, 0)  # type: ignore[attr-defined]

    @display(description="protocol", ordering="protocol")
    def shown_protocol(self, receipt: MetricReceipt) -> str:
        return format_html('<span class="sa-text">{}</span>', receipt.protocol)

    @display(description="last request", ordering="last_at")
    def latest(self, receipt: MetricReceipt) -> str:
        return when(receipt.last_at)

    @display(description="requests", ordering="requests")
    def request_count(self, receipt: MetricReceipt) -> str:
        return f"{receipt.requests:,}"

    @display(description="samples", ordering="samples")
    def sample_count(self, receipt: MetricReceipt) -> str:
        return f"{receipt.samples:,}"

    @display(description="series")
    def series_count(self, receipt: MetricReceipt) -> str:
        return f"{receipt.series_known:,}"  # type: ignore[attr-defined]

    @display(description="not stored")
    def left_out(self, receipt: MetricReceipt) -> str:
        example = Truncator(examples_of(receipt.example)[0]).chars(MAX_EXAMPLE)
        below = format_html('<br><span class="sa-second">{}</span>', example) if example else ""
        return format_html('<span class="sa-text">{}{}</span>', not_kept_in_words(receipt.not_kept), below)
