"""The kinds of rows that grow: their tables, for how long they are kept, and what deletes them."""

from dataclasses import dataclass

from django.conf import settings

LOG, SAMPLES = "smartagent.retention.deletion.delete_old", "rules.tasks.keep_samples"
MESSAGES, SIGN_IN = "notifications.tasks.forget_old", "smartagent.accounts.tasks.forget_expired"
ANSWERS = "smartagent.rest.idempotency.forget_old_keys"
SELF_TEST = "smartagent.selftest.run.run_scheduled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKind:
    """`tables`: the first one is counted, by its time column `at`; retention counts from `due`, which is `at` unless it
    is named. Kept for `setting` days, else `fixed_days`, else as `kept` says. `task` deletes them, by a schedule."""

    name: str
    label: str
    tables: tuple[str, ...]
    at: str
    due: str = ""
    setting: str = ""
    fixed_days: int = 0
    kept: str = ""
    since: str = ""
    task: str = ""
    indexed: bool = False

    @property
    def keep_days(self) -> int:
        """For how many days; 0 for ever, or until something else ends them."""
        return max(0, int(getattr(settings, self.setting))) if self.setting else self.fixed_days

    @property
    def kept_for(self) -> str:
        """For how long, in words: `90 days after archiving`."""
        if self.kept:
            return self.kept
        days = self.keep_days
        return (
            f"{days:,} {'day' if days == 1 else 'days'}{f' {self.since}' if self.since else ''}" if days else "for ever"
        )


KINDS = (
    RowKind(
        name="activity", label="Activity entries", at="created_at", setting="ACTIVITY_KEEP_DAYS", task=LOG,
        indexed=True,
        tables=("agent_activity_log", "activity_entry_counts", "rule_feedback"),
    ),
    RowKind(
        name="audit_chain", label="Chain of the activity log", at="", kept="with its entries",
        tables=("audit_batches", "audit_links", "audit_unsealed"),
    ),
    RowKind(
        name="runs", label="Runs", tables=("dispatch_runs",), at="started_at", setting="RUNS_KEEP_DAYS", task=LOG,
        indexed=True,
    ),
    RowKind(
        name="samples", label="Samples", tables=("metric_samples",), at="observed_at", setting="SAMPLES_KEEP_DAYS",
        since="in whole months", task=SAMPLES,
    ),
    RowKind(
        name="fine_rollups", label="5-minute roll-ups", tables=("metric_rollups_5m",), at="ended_at",
        setting="SAMPLES_KEEP_DAYS", since="in whole months", task=SAMPLES,
    ),
    RowKind(
        name="rollups", label="Hourly and daily roll-ups", tables=("metric_rollups_1h", "metric_rollups_1d"),
        at="ended_at", setting="ROLLUPS_KEEP_DAYS", task=SAMPLES,
    ),
    RowKind(name="series", label="Series", tables=("metric_series",), at=""),
    RowKind(
        name="notifications", label="Notifications", tables=("notifications",), at="created_at", due="archived_at",
        setting="NOTIFICATIONS_KEEP_DAYS", since="after archiving", task=MESSAGES,
    ),
    RowKind(
        name="deliveries", label="Deliveries and attempts", tables=("deliveries", "delivery_attempts"), at="created_at",
        due="settled_at", setting="DELIVERIES_KEEP_DAYS", since="after their end", task=MESSAGES,
    ),
    RowKind(
        name="escalations", label="Escalations", tables=("escalations",), at="created_at", due="ended_at",
        setting="ESCALATIONS_KEEP_DAYS", since="after their end", task=LOG,
    ),
    RowKind(
        name="optimizations", label="Optimizations", at="created_at",
        tables=("fusion_optimization_events", "optimization_steps", "fusion_action_log"), indexed=True,
    ),
    RowKind(
        name="rule_versions", label="Rule versions", tables=("automation_rules_history",), at="history_date",
        indexed=True,
    ),
    RowKind(name="fusion_scores", label="Fusion scores", tables=("fusion_scores",), at="calculated_at"),
    RowKind(name="audit_events", label="Fusion audit events", tables=("fusion_audit_log",), at="created_at"),
    RowKind(
        name="self_tests", label="Runs of the self-test", tables=("self_test_runs",), at="started_at", fixed_days=90,
        task=SELF_TEST, indexed=True,
    ),
    RowKind(name="tasks", label="Tasks of the workers", tables=("django_q_task",), at="stopped",
            setting="TASKS_KEEP_DAYS", task=LOG),
    RowKind(
        name="admin_log", label="Log of the admin site", tables=("django_admin_log",), at="action_time",
        setting="ADMIN_LOG_KEEP_DAYS", task=LOG,
    ),
    RowKind(
        name="sessions", label="Sessions", tables=("smartagent_sessions",), at="signed_in_at", due="expire_date",
        kept="until they expire", task=SIGN_IN,
    ),
    RowKind(
        name="sign_in_attempts", label="Sign-in attempts and request counts", at="last_at",
        kept="until they no longer count", tables=("smartagent_attempts", "smartagent_request_counts"), task=SIGN_IN,
    ),
    RowKind(
        name="read_windows", label="Repeated reads", at="started_at", kept="until they are entries, for 20 minutes",
        tables=("smartagent_read_windows",), task="smartagent.read_log.windows.close_windows", indexed=True,
    ),
    RowKind(
        name="idempotency_keys", label="Answers to repeated requests", tables=("smartagent_idempotency_keys",),
        at="created_at", fixed_days=2, task=ANSWERS,
    ),
)  # fmt: skip
