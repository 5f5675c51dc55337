"""Guard-rails: what may be applied without a person, and who may approve. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

STOPPED = "The optimizer is stopped by the automation policy."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """The facts of the policy that guard-rails need."""

    stopped: bool
    per_day: int
    trusted_after: int
    trusted_rate: float
    needs_another: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The outcomes of a strategy's proposals: how many improved, how many of these were decided by a person, and how
    many did not."""

    improved: int = 0
    improved_by_hand: int = 0
    unchanged: int = 0
    worse: int = 0

    @property
    def rate(self) -> float | None:
        """The share of measured proposals that improved; None without any."""
        measured = self.improved + self.unchanged + self.worse
        return self.improved / measured if measured else None


def refusal(
    rails: Rails, *, strategy: str, irreversible: Collection[str], record: Record, today: int, busy: bool
) -> str:
    """The reason why a proposal is not applied without a person; empty where it may be."""
    if rails.stopped:
        return STOPPED
    if irreversible:
        return f"Irreversible operations: {', '.join(irreversible)}."
    if record.improved_by_hand < rails.trusted_after:
        return f"{strategy} has {record.improved_by_hand} approved successes; {rails.trusted_after} are required."
    helps, requested = 100 * (record.rate or 0), 100 * rails.trusted_rate
    if helps < requested:
        return f"{strategy} has a success rate of {helps:.0f} %; {requested:.0f} % are required."
    if today >= rails.per_day:
        return f"{today} were applied automatically for this person in the last 24 hours; the limit is reached."
    if busy:
        return "Another optimization is being applied to the same target."
    return ""


def approval_refusal(rails: Rails, *, by: UUID, involved: Mapping[str, UUID | None]) -> str:
    """Why `by` may not approve; empty where they may. `involved` are the people concerned by role: the rule's owner,
    the requester."""
    if rails.stopped:
        return STOPPED
    if involved.get("requested it") == by:
        return "You requested this optimization, so another person must approve it."
    if rails.needs_another and (whose := next((role for role, person in involved.items() if person == by), None)):
        return f"The automation policy requires another person to approve: you are the one who {whose}."
    return ""
