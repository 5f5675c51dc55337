"""Which columns of the inbox clients of the old application cannot write. Frozen with the migration."""

from smartagent.adoption.sync.guards import GuardColumns

# Newer clients know most of them, also where the scripts that add them were never run.
GUARD = GuardColumns(
    "notifications", shared=("rule_id", "severity", "status", "metadata", "read_at", "archived_at", "updated_at")
)
