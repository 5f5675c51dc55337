"""Addresses of the pages of proposals."""

from typing import Any

from django.urls import reverse

LIST_URL_NAME = "admin:optimizer_optimizationevent"
LIST = f"{LIST_URL_NAME}_changelist"


def page_of(key: Any) -> str:
    """The page of one proposal."""
    return reverse(f"{LIST_URL_NAME}_page", args=[key])
