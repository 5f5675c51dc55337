"""The guard-rails: what may be applied without a person, and who may approve. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

STOPPED = "The optimizer is stopped by the automation policy."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """The policy, as far as it matters here."""

    stopped: bool
    per_day: int
    trusted_after: int
    trusted_rate: float
    needs_another: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of the proposals of one strategy: how many helped, of them by a person's decision, and did not."""

    improved: int = 0
    improved_by_hand: int = 0
    unchanged: int = 0
    worse: int = 0

    @property
    def rate(self) -> float | None:
        """The part that helped, of those that could be measured; None without any."""
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
    """Why `by` may not say yes; `involved` are the people whose own it is, by what they are: the rule's owner, whoever
    asked for it. Nothing where they may."""
    if rails.stopped:
        return STOPPED
    if involved.get("requested it") == by:
        return "You requested this optimization, so another person must approve it."
    if rails.needs_another and (whose := next((role for role, person in involved.items() if person == by), None)):
        return f"The automation policy requires another person to approve: you are the one who {whose}."
    return ""
