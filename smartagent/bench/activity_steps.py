"""How episodes of the benched activity log go: their kinds, how frequent each is, and the entries of each."""

from dataclasses import dataclass

Steps = dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class EpisodeKind:
    """A kind of episode: its share of all, and its entries, each by how much of the episode is over (0 to 1)."""

    name: str
    share: float
    steps: Steps

    def rows(self) -> list[tuple[str, str, float]]:
        """Kind, event and time of each of its entries."""
        return [(self.name, event, at) for event, times in self.steps.items() for at in times]


START: Steps = {"rule_fired": (0.0,)}
END: Steps = {"rule_resolved": (1.0,)}
# Skewed as a real log is: most of it is firing and resolved, errors are few, critical is rare.
EPISODE_KINDS = (
    EpisodeKind("plain", 0.40, START | END),
    EpisodeKind(
        "repeated", 0.18, {"rule_pending": (0.0,), "rule_fired": (0.05,), "rule_repeated": (0.4, 0.7)} | END
    ),
    EpisodeKind("acknowledged", 0.15, START | {"instance_acknowledged": (0.2,)} | END),
    EpisodeKind("pending", 0.10, {"rule_pending": (0.0,), "rule_unpending": (1.0,)}),
    EpisodeKind("no_data", 0.06, {"rule_no_data": (0.0,), "rule_recovered": (1.0,)}),
    EpisodeKind("recovering", 0.05, START | {"rule_recovering": (0.5, 0.9), "rule_relapsed": (0.6,)} | END),
    EpisodeKind(
        "optimized", 0.02,
        START | {"optimization_approved": (0.2,), "optimization_applied": (0.3,), "optimization_measured": (0.9,)}
        | END,
    ),
    EpisodeKind("silenced", 0.011, {"rule_silenced": (0.0,), "rule_unsilenced": (0.6,)} | END),
    EpisodeKind(
        "assigned", 0.01,
        START | {"instance_commented": (0.1,), "instance_assigned": (0.2,), "instance_acknowledged": (0.25,)}
        | END,
    ),
    EpisodeKind("error", 0.008, {"rule_error": (0.0,), "rule_recovered": (1.0,)}),
    EpisodeKind("failed", 0.007, START | {"rule_retried": (0.3,)} | END),
    EpisodeKind(
        "critical", 0.003,
        START | {"rule_escalated": (0.2,), "escalation_step": (0.4,), "instance_acknowledged": (0.5,)} | END,
    ),
    EpisodeKind("flapping", 0.001, START | {"instance_snoozed": (0.2,), "rule_flapping": (0.5,)} | END),
)  # fmt: skip


def entries_per_episode() -> float:
    """How many entries an episode has on average."""
    return sum(kind.share * len(kind.rows()) for kind in EPISODE_KINDS)
