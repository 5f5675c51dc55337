"""Which rows and columns of optimizations clients of the old application cannot write. Frozen with the migration."""

from smartagent.adoption.sync.guards import GuardColumns

GUARDS = (
    # A proposal of ours is decided here; that it was applied, clients may say.
    GuardColumns("fusion_optimization_events", own="OLD.strategy IS NOT NULL", theirs=("applied",)),
    GuardColumns("fusion_action_log", own="OLD.event_id IS NOT NULL"),
    GuardColumns("fusion_metrics"),
)
