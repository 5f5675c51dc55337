"""Addresses of the pages of proposals."""

from typing import Any

from django.urls import reverse

NAME = "admin:optimizer_optimizationevent"
LIST = f"{NAME}_changelist"


def page_of(key: Any) -> str:
    """The page of one proposal."""
    return reverse(f"{NAME}_page", args=[key])
