"""The keys of the selected rows of a list; invalid keys are left out."""

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME as CHOSEN
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse


class ChosenKeys:
    """A mixin for admin classes, before all others."""

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        sent = request.POST.copy()
        sent.setlist(CHOSEN, [key for key in sent.getlist(CHOSEN) if _is_key(queryset.model, key)])
        request.POST = sent  # type: ignore[assignment]
        return super().response_action(request, queryset)  # type: ignore[misc, no-any-return]


def _is_key(model: type[Model], text: str) -> bool:
    try:
        model._meta.pk.to_python(text)
    except ValidationError:
        return False
    return "\x00" not in text
