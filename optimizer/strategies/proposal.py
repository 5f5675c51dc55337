"""The input and output of strategies: values, made without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationFact:
    """An integration of the person: how it is, and what can be asked of it."""

    id: UUID
    kind: str
    status: str
    error: str = ""
    last_sync_at: datetime | None = None
    sync_minutes: int | None = None
    token_expires_at: datetime | None = None
    can_probe: bool = False  # it has a health address
    can_validate: bool = False  # it has an address that asks for its credentials
    can_renew: bool = False  # it has a token address, and credentials
    can_refresh: bool = False  # it has an address that fetches its data anew

    @property
    def is_unwell(self) -> bool:
        """Whether it says so itself."""
        return self.status in ("error", "inactive")

    def is_stale(self, now: datetime) -> bool:
        """Whether it has not synchronised for three of its intervals, or for a day where it says none."""
        longest = timedelta(minutes=3 * self.sync_minutes) if self.sync_minutes else timedelta(days=1)
        return self.last_sync_at is None or now - self.last_sync_at > longest


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionMetricFact:
    """A metric of the person's fusion score; `history` are values of the last days, oldest first."""

    name: str
    weight: Decimal
    value: Decimal | None
    history: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts about the person when the rule fires."""

    person: UUID
    metric: str
    value: float | None
    threshold: float
    operator: str
    target: str
    now: datetime
    integrations: tuple[IntegrationFact, ...] = ()
    metrics: tuple[FusionMetricFact, ...] = ()
    errors: tuple[tuple[str, int], ...] = ()  # events of severity error or critical of the last day, and how often
    has_engine: bool = False

    @property
    def concerned(self) -> tuple[IntegrationFact, ...]:
        """The integration that the rule names, else all."""
        named = tuple(one for one in self.integrations if one.kind == self.target)
        return named or self.integrations


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedStep:
    """One operation with its parameters, why, and what is expected of it."""

    operation: str
    reason: str
    expected: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    integration: UUID | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError(f"The step {self.operation} has no reason.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal: ordered steps, the reason with its numbers, and advice that only a person can follow."""

    reason: str
    steps: tuple[ProposedStep, ...] = ()
    advice: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("A proposal has a reason.")
        if not self.steps and not self.advice:
            raise ValueError("A proposal has steps, or advice at least.")
