"""The periods that pages with a history offer, in days."""

from django.http import HttpRequest

HISTORY_DAYS = (1, 7, 30, 365)


def chosen_days(request: HttpRequest) -> int:
    """The period that `?days=` asks for; a day where it asks for none of them."""
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, HISTORY_DAYS) else HISTORY_DAYS[0]
