"""Whether pages are read from the replica, in the activity log, for RULES_EVENTS."""

from datetime import datetime

from rules.engine.event_kinds import EventKind
from rules.models import ActivityEntry
from smartagent.kernel.member_role import as_owner
from smartagent.kernel.replica import is_configured, replica_state

REPLICA_LEFT, REPLICA_USED = "replica_left", "replica_used"
REPLICA_EVENTS = (
    EventKind(
        kind=REPLICA_LEFT, label="replica not used", tone="warning",
        sentence="Everything is read from the primary database. {problem}",
    ),
    EventKind(kind=REPLICA_USED, label="replica used", tone="info", sentence="Pages are read from the replica again."),
)  # fmt: skip


class ReplicaWatch:
    """Looks at the replica, where there is one."""

    def __init__(self) -> None:
        self.usable: bool | None = None

    def look(self, now: datetime) -> bool | None:
        """Write an entry where the replica has become usable or unusable since the last look; return which it is."""
        if not is_configured():
            return None
        state = replica_state()
        before, self.usable = self.usable, state.usable
        if before is not None and before != state.usable:
            _log(REPLICA_USED if state.usable else REPLICA_LEFT, state.problem, now)
        return state.usable


@as_owner()
def _log(kind: str, problem: str, now: datetime) -> None:
    ActivityEntry.objects.create(
        agent_name="smart_agent", event_type=kind, action_taken="none", status="success",
        context={"problem": problem}, created_at=now, executed_at=now,
    )  # fmt: skip
