"""The page of one person's requests by one protocol: what was stored, and what was not and why."""

from django.http import HttpRequest, HttpResponse

from rules.models import MetricReceipt, MetricSeries
from rules.text.not_kept import examples_of, reasons_not_kept
from smartagent.shell.owned_admin import OwnedAdmin


def receipt_page(request: HttpRequest, model_admin: OwnedAdmin, receipt_id: str) -> HttpResponse:
    """Show the receipt; 404 where the person may not see it."""
    receipt: MetricReceipt = model_admin.find(request, receipt_id, "user")
    context = {
        "title": receipt.protocol, "receipt": receipt, "reasons": reasons_not_kept(receipt.not_kept),
        "examples": [each for each in examples_of(receipt.example) if each],
        "series": MetricSeries.objects.filter(user=receipt.user_id).count(),
    }  # fmt: skip
    return model_admin.show(request, "rules/received/receipt.html", context)
