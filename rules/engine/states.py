"""Types of the state machine: states, observations, transitions.

The machine itself is in `rules.engine.state_machine`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

from rules.engine.open_alerts import is_open


class InstanceState(models.TextChoices):
    OK = "ok", "ok"
    PENDING = "pending", "pending"
    FIRING = "firing", "firing"
    RECOVERING = "recovering", "recovering"
    NO_DATA = "no_data", "no data"
    ERROR = "error", "error"


class Verdict(models.TextChoices):
    """The result of a rule's condition. Held: no longer met, but not past the recovery threshold. Unseen: its series
    had no reading at this one evaluation; gone: nor at the next, or, where the cause says so, not watched any more."""

    MET = "met"
    HELD = "held"
    CLEAR = "clear"
    MISSING = "missing"
    FAILED = "failed"
    UNSEEN = "unseen"
    GONE = "gone"


class Event(models.TextChoices):
    """The event of a transition, for the activity log."""

    PENDING = "rule_pending", "pending"
    UNPENDING = "rule_unpending", "cleared"
    FIRED = "rule_fired", "fired"
    ESCALATED = "rule_escalated", "became critical"
    REPEATED = "rule_repeated", "repeated"
    RETRIED = "rule_retried", "retried"
    RECOVERING = "rule_recovering", "recovering"
    RELAPSED = "rule_relapsed", "relapsed"
    FLAPPING = "rule_flapping", "flapping"
    SILENCED = "rule_silenced", "silenced"
    UNSILENCED = "rule_unsilenced", "unsilenced"
    REMINDED = "rule_reminded", "reminded"
    RESOLVED = "rule_resolved", "resolved"
    NO_DATA = "rule_no_data", "no data"
    ERROR = "rule_error", "error"
    RECOVERED = "rule_recovered", "recovered"


@dataclass(frozen=True, slots=True)
class StateRecord:
    """The state of an instance and since when; its episode: when it fired and last acted successfully; when to retry;
    handling and until when; the covering silence; recent changes, for flapping."""

    condition: str = "ok"
    reason: str = ""
    since: datetime | None = None
    episode: int = 0
    fired_at: datetime | None = None
    last_acted: datetime | None = None
    retry_at: datetime | None = None
    handling: str = "open"
    handled_until: datetime | None = None
    silence: str = ""
    critical: bool = False
    flapping: bool = False
    changes: tuple[datetime, ...] = ()

    @property
    def fires(self) -> bool:
        """Whether its alert is open."""
        return is_open(self.condition, self.fired_at)


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule's durations, and its policies for missing data and errors."""

    repeat_every: timedelta = timedelta(hours=4)
    no_data_policy: str = "keep"
    error_policy: str = "keep"
    pending_for: timedelta = timedelta(0)
    keep_firing_for: timedelta = timedelta(0)
    interval: timedelta = timedelta(minutes=5)
    draft: bool = False
    notifies_resolved: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What an evaluation found for an instance: the verdict, the error if it failed, whether the critical threshold is
    passed, and the covering silence, by id and in words."""

    verdict: str
    cause: str = ""
    critical: bool = False
    silence: str = ""
    silenced_by: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """One transition of an instance to `state`. `acts` where the rule's action is to run; `quiet` says why it does not;
    `counts` as a triggering."""

    event: str
    old: str
    state: StateRecord
    acts: bool = False
    counts: bool = False
    quiet: str = ""

    @property
    def new(self) -> str:
        return self.state.condition

    @property
    def reason(self) -> str:
        return self.state.reason

    @property
    def episode(self) -> int:
        return self.state.episode
