"""Texts of forms that are written by hand; fields of Django's forms check the same."""

from django.http import HttpRequest

NULL_CHARACTERS = "Null characters are not allowed."  # as Django's own fields say it


def posted_text(request: HttpRequest, name: str) -> str:
    """The text of a field, without white space at its ends; ValueError where PostgreSQL cannot store it."""
    text = request.POST.get(name, "").strip()
    if "\x00" in text:
        raise ValueError(NULL_CHARACTERS)
    return text
