"""Actions on many rules at once: a confirmation, the action, and a message with counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rules.lifecycle.recycle_bin import delete
from rules.lifecycle.status import activate, pause
from smartagent.kernel.formats import plural
from smartagent.shell.confirmation import Confirmation, confirm, is_confirmed, selection
from smartagent.shell.list_pagination import CappedPaginator
from smartagent.shell.owned_admin import OwnedAdmin

MAX_RULES_NAMED = 10


@dataclass(frozen=True, slots=True)
class Bulk:
    """An action on many rules. `done` and the other texts have the placeholders {n} and {rules}."""

    name: str
    verb: str
    warning: str
    done: str
    run: Callable[[Any, HttpRequest], int]
    danger: bool = False


def _pause(rules: Any, request: HttpRequest) -> int:
    return pause(rules, request.user, timezone.now())


def _activate(rules: Any, request: HttpRequest) -> int:
    return activate(rules, request.user, timezone.now())


def _delete(rules: Any, request: HttpRequest) -> int:
    return delete(rules.filter(provisioned_by=""), request.user, timezone.now())


BULK_PAUSE = Bulk("pause", "Pause", "Paused rules are not evaluated until activated.", "Paused {n} {rules}.", _pause)
ACTIVATE = Bulk(
    "activate", "Activate", "They are evaluated from the next evaluation on.", "Activated {n} {rules}.", _activate
)
DELETE = Bulk(
    "delete_selected", "Delete",
    "Rules move to the recycle bin for 30 days and their instances are deleted. The activity log is kept. "
    "Rules managed by a file are not deleted: remove them from the file.",
    "Deleted {n} {rules}.", _delete, danger=True,
)  # fmt: skip


def ask_and_do(bulk: Bulk, model_admin: OwnedAdmin, request: HttpRequest, rules: Any) -> HttpResponse | None:
    """Show a confirmation; when it is confirmed, run the action and show a message."""
    rules = rules.changeable_by(request.user)
    if not is_confirmed(request):
        return _ask(bulk, model_admin, request, rules)
    count = bulk.run(rules.order_by(), request)
    word = plural(count, "rule")
    messages.success(request, bulk.done.format(n=f"{count:,}", rules=word))
    return None


def _ask(bulk: Bulk, model_admin: OwnedAdmin, request: HttpRequest, rules: Any) -> HttpResponse:
    pages = CappedPaginator(rules, MAX_RULES_NAMED)
    requested = Confirmation(
        title=f"{bulk.verb} {pages.count_in_words} {plural(pages.count, 'rule')}?", verb=bulk.verb,
        warning=bulk.warning, danger=bulk.danger, cancel=request.get_full_path(),
        hidden=selection(request, bulk.name),
    )  # fmt: skip
    context = {
        "opts": model_admin.opts,
        "rules": list(rules.order_by("rule_name", "id")[:MAX_RULES_NAMED]),
        "others": max(pages.count - MAX_RULES_NAMED, 0),
        "capped": pages.is_capped,
    }
    return confirm(request, requested, "rules/confirm_bulk.html", context)
