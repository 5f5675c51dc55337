"""Storage of tables whose rows change often. Frozen with the migration.

Rows that change without a change of an indexed column stay on their page, and need no new entry in any index, where it
has room. Queues are vacuumed by the number of rows that went through, not by a share of the few that are left. Long
tables are vacuumed and analysed after a smaller share of them than the tenth and fifth that are the default.
"""

from smartagent.adoption.sync.storage import TuneStorage

LONG = {
    "autovacuum_vacuum_scale_factor": 0.05, "autovacuum_vacuum_insert_scale_factor": 0.05,
    "autovacuum_analyze_scale_factor": 0.05,
}  # fmt: skip
QUEUE = {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 500}
OPERATIONS = (
    TuneStorage(
        "rule_states", fillfactor=80, autovacuum_vacuum_scale_factor=0.05, autovacuum_analyze_scale_factor=0.05
    ),
    TuneStorage("automation_rules", fillfactor=90, autovacuum_vacuum_scale_factor=0.05),
    TuneStorage("agent_activity_log", **LONG),
    TuneStorage("notifications", **LONG),
    TuneStorage("deliveries", fillfactor=85, **LONG),
    TuneStorage("delivery_attempts", **LONG),
    TuneStorage("metric_series", fillfactor=90, autovacuum_vacuum_scale_factor=0.05),
    TuneStorage("audit_unsealed", **QUEUE),
    TuneStorage("metric_rollup_late", **QUEUE),
    TuneStorage("metric_receipts", fillfactor=80),
    TuneStorage("ingest_quotas", fillfactor=50, **QUEUE),
)
