"""How many instances of a rule are in each state, for the header of its page."""

from collections.abc import Mapping

from django.db.models import Count, Q

from rules.engine.states import InstanceState
from rules.models import AutomationRule

MAX_STATES_COUNTED = 10_000
STATES_SHOWN = ("firing", "error", "recovering", "pending", "no_data", "ok")  # the worst first
STATE_LABELS = {state: str(InstanceState(state).label) for state in STATES_SHOWN}
LEGEND = list(STATE_LABELS.items())


def states_counted(rule: AutomationRule) -> dict[str, int]:
    """The number of instances by state, of at most 10,000."""
    counts = {state: Count("pk", filter=Q(condition=state)) for state in STATES_SHOWN}
    found: dict[str, int] = rule.states.order_by()[:MAX_STATES_COUNTED].aggregate(**counts)
    return found


def states_in_words(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Each state with its words: `3 firing`, `24 ok`; of a single instance only the state."""
    if sum(counts.values()) == 1:
        return [(state, STATE_LABELS[state]) for state, count in counts.items() if count]
    return [(state, f"{count:,} {STATE_LABELS[state]}") for state, count in counts.items() if count]


def more_than(shown: int, counts: Mapping[str, int]) -> str:
    """How many instances there are besides those that are shown; empty for none."""
    total = sum(counts.values())
    more = f"{total - shown:,}" if total > shown else ""
    return f"{more}+" if total == MAX_STATES_COUNTED else more
