"""Hostile texts in every field of every object: no page lets one become a script, an attribute or a live link."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction

from smartagent.bench.hostile.signs import Watch
from tests.examples import TIMES
from tests.smartagent.shell.test_crawl import Visitor, everything

__all__ = ["everything"]
OURS = ("rules", "notifications", "optimizer")
TEXT = "\"'><img src=hostile onerror=hostile()><script>hostile()</script>{{ hostile }}\u202egnp"
ADDRESS = "javascript:hostile()"
ADDRESSES = ("runbook_url", "action_url")


def _places() -> Iterator[tuple[Any, str, Any]]:
    """Every model of ours, a field of it, and the hostile value for that."""
    for model in (model for app in OURS for model in apps.get_app_config(app).get_models()):
        for field in model._meta.concrete_fields:
            if isinstance(field, models.JSONField):
                yield model, field.attname, {"title": TEXT, "message": TEXT, "note": TEXT, TEXT: TEXT}
            elif isinstance(field, models.CharField | models.TextField) and not field.choices:
                yield model, field.attname, ADDRESS if field.name in ADDRESSES else TEXT


def _write_everywhere() -> list[str]:
    """Write them as another program would; return where the database lets it."""
    written = []
    for model, field, value in _places():
        try:
            with transaction.atomic():
                if model._default_manager.update(**{field: value}):
                    written.append(f"{model.__name__}.{field}")
        except DatabaseError:  # a check of the table, or a field that is unique
            continue
    return written


class Reader(Visitor):
    """Somebody who looks at the source of each page."""

    def __init__(self, user: Any) -> None:
        super().__init__(user)
        self.found: list[str] = []

    def visit(self, address: str, source: str) -> Any:
        answer = super().visit(address, source)
        if "html" in answer.headers.get("Content-Type", ""):
            text = answer.content.decode()
            self.found += [f"{address}: {each}" for each in Watch(text).found]
            self.found += [f"{address}: U+202E"] if "\u202e" in text else []
        return answer


@pytest.mark.parametrize(
    "page", [TEXT, f'<a title="{TEXT}">', f'<a href="{ADDRESS}">', f"<p x-text='{TEXT}'>", f'<p onclick="{ADDRESS}">']
)
def test_what_would_run_is_found(page: str) -> None:
    assert Watch(page).found


@pytest.mark.parametrize("role", ["ada", *(["alice"] if TIMES > 1 else [])])  # who sees everything comes first
def test_no_text_of_an_object_runs_on_a_page(request: Any, everything: None, role: str) -> None:
    written, person = _write_everywhere(), request.getfixturevalue(role)
    assert {"AutomationRule.rule_name", "AutomationRule.runbook_url", "Silence.comment"} <= set(written)
    reader = Reader(person)
    assert len(list(reader.walk())) > 40
    broken = [each for each in reader.wrong if each.endswith(": 500")]
    assert not reader.found + broken, "\n".join([*broken, *reader.found])
