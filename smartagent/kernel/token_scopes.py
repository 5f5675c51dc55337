"""The scopes of API tokens: which of the things that a person may do a program may do with a token of theirs."""

from collections.abc import Collection

from django.db import models


class TokenScope(models.TextChoices):
    """One scope. None includes another: a program that changes rules and reads them needs `read` and `write`."""

    READ = "read", "read: everything its person sees"
    WRITE = "write", "write: change rules, alerts, silences, notifications, channels, optimizations"
    INGEST = "ingest", "ingest: send samples and alerts of other systems"
    EVALUATE = "evaluate", "evaluate: run an evaluation now"
    ADMIN = "admin", "admin: change people, groups, tokens, data sources and the automation policy"


def every_scope() -> list[str]:
    """All scopes, as a token has that was made without a choice."""
    return [str(scope) for scope in TokenScope.values]


def in_words(scopes: Collection[str]) -> str:
    """The scopes by name, in their order; “full” where it is all of them."""
    known = [str(scope) for scope in TokenScope.values if scope in scopes]
    return "full" if len(known) == len(TokenScope.values) else ", ".join(known) or "none"
