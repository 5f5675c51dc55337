"""Candidates of an evaluation, read by column name: observation, previous state, timing of the rule."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from rules.engine.evaluated_rules import IN_FORCE_SQL
from rules.engine.states import Observation, StateRecord, Timing


class Candidate(NamedTuple):
    """An instance that may change: its observation, its state, and the timing of its rule."""

    n: int
    state_id: UUID | None
    verdict: str
    cause: str
    worsens: bool
    silencing: str
    words: str
    condition: str
    reason: str
    since: datetime | None
    episode: int
    fired_at: datetime | None
    last_notified_at: datetime | None
    retry_at: datetime | None
    handling: str
    handled_until: datetime | None
    silence: str
    was_critical: bool
    flapping: bool
    changes: list[datetime] | None
    repeat_every: timedelta
    no_data_policy: str
    error_policy: str
    pending_for: timedelta
    keep_firing_for: timedelta
    draft: bool
    notifies_resolved: bool

    def observation(self) -> Observation:
        """The observation of this evaluation."""
        return Observation(self.verdict, self.cause, self.worsens, self.silencing, self.words)

    def state(self) -> StateRecord:
        """Its state before this evaluation."""
        return StateRecord(
            condition=self.condition, reason=self.reason, since=self.since, episode=self.episode,
            fired_at=self.fired_at, last_acted=self.last_notified_at, retry_at=self.retry_at, handling=self.handling,
            handled_until=self.handled_until, silence=self.silence, critical=self.was_critical,
            flapping=self.flapping, changes=tuple(self.changes or ()),
        )  # fmt: skip

    def timing(self, interval: timedelta) -> Timing:
        """The timing of its rule; `interval` is the time between two evaluations."""
        return Timing(
            repeat_every=self.repeat_every, no_data_policy=self.no_data_policy, error_policy=self.error_policy,
            pending_for=self.pending_for, keep_firing_for=self.keep_firing_for, interval=interval, draft=self.draft,
            notifies_resolved=self.notifies_resolved,
        )  # fmt: skip


# Columns that are not columns of eval_candidates of the same name.
EXPRESSIONS = {
    "silencing": "coalesce(c.silencing_id::text, '')", "silence": "coalesce(c.silence_id::text, '')",
    "draft": "r.status = 'draft'",
    "notifies_resolved":
        "coalesce(r.action_type = ANY(%s) AND to_jsonb(r.action_config)->'notify_resolved' = 'true', false)",
}  # fmt: skip
# Rules that were paused or deleted, and people who were deleted, since the candidates were found are skipped.
FETCH = f"""
SELECT {", ".join(EXPRESSIONS.get(name, f"c.{name}") for name in Candidate._fields)}
  FROM eval_candidates c
  JOIN automation_rules r ON r.id = c.rule_id AND {IN_FORCE_SQL}
  JOIN smartagent_users u ON u.id = c.subject_id
 WHERE c.n > %s AND c.n <= %s
"""
