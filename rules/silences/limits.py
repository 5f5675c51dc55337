"""Limits on silences by the role of their creator: SILENCE_MAX_DAYS and SILENCE_SERIES_MAX_DAYS in the settings.

The first limits one window, the second the length of a recurring series.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from rules.models import Silence
from smartagent.kernel.scope import has_everyone
from smartagent.models import User


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one role: the longest window, and the longest series of windows."""

    role: str
    window: timedelta
    series: timedelta


def limits_of(user: Any) -> Limits:
    """The limits of `user`."""
    role = role_of(user)
    days, series = settings.SILENCE_MAX_DAYS[role], settings.SILENCE_SERIES_MAX_DAYS[role]
    return Limits(role, timedelta(days=days), timedelta(days=series))


def number_problem(maker: Any, now: datetime) -> str:
    """The error message where `maker` already has too many silences (each costs time in every evaluation); empty where
    not."""
    maximum: int = settings.SILENCES_PER_PERSON
    if not maximum or Silence.objects.standing(now).filter(created_by=maker, cancelled_at=None).count() < maximum:
        return ""
    return f"You have {maximum:,} active or upcoming silences, which is the limit. End some, or use labels instead."


def role_of(user: Any) -> str:
    """The role that decides the limits: the one with the most permissions."""
    if user.is_superuser or user.groups.filter(name="administrators").exists():
        return "administrators"
    return "operators" if has_everyone(user, "change") else "members"


def people_of(maker: Any) -> QuerySet[User]:
    """The people that a silence of `maker` may name: everybody, or themselves and those whom their rules watch."""
    if has_everyone(maker, "change"):
        return User.objects.all()
    return User.objects.filter(Q(pk=maker.pk) | Q(rule_states__rule__user=maker)).distinct()
