"""The present trust in each strategy and operation, and what is missing for more."""

from dataclasses import dataclass

from optimizer.models import OptimizerPolicy
from optimizer.policy.guardrails import Record, refusal
from optimizer.policy.track_record import guardrails_of, track_records
from optimizer.registries import operations, strategies

ADJUST = ("adjust", "Adjust (by a rule)")  # proposes without a strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyTrust:
    """A strategy: its record, and why its proposals wait for a person; empty where they do not."""

    kind: str
    label: str
    help: str
    record: Record
    why_not: str


def standings(policy: OptimizerPolicy) -> list[StrategyTrust]:
    """The trust in every installed strategy, for a person without automatic changes today."""
    rails, known = guardrails_of(policy), track_records()
    named = [(strategy.kind, strategy.label, strategy.help) for strategy in strategies]
    return [
        StrategyTrust(
            kind=kind, label=label, help=help_text, record=(record := known.get(kind, Record())),
            why_not=refusal(rails, strategy=label, irreversible=(), record=record, today=0, busy=False),
        )
        for kind, label, help_text in [*named, (*ADJUST, "One bounded change, configured in a rule.")]
    ]  # fmt: skip


def by_hand_only() -> list[str]:
    """Operations that are never applied without a person, since they cannot be undone."""
    return [operation.label for operation in operations if not operation.reversible]
