"""Rules to start from: each is a few fields, opened in the editor with nothing saved.

A summary has no figures: the description adds those that the rule has by then.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rules.models import AutomationRule
from rules.text.rule import firing_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A rule to start from: its fields but the description, and when one would want it."""

    key: str
    group: str
    summary: str
    values: dict[str, Any]

    @property
    def title(self) -> str:
        """The name that its rule has at first."""
        return str(self.values["rule_name"])

    @property
    def fields(self) -> dict[str, Any]:
        """All fields of its rule."""
        return self.values | {"description": self.describe(AutomationRule(**self.values))}

    def describe(self, rule: AutomationRule) -> str:
        """The description of `rule`, which began from this template: its purpose, and when it fires by now."""
        return f"{self.summary} {firing_in_words(rule)}"

    def rule(self, user: Any) -> AutomationRule:
        """The rule of `user` that it makes, not saved."""
        return AutomationRule(user=user, **self.fields)


def _template(key: str, group: str, name: str, summary: str, when: str, then: str, **more: Any) -> Template:
    """`when` is "metric operator threshold", `then` is "action severity"."""
    metric, operator, threshold = when.split()
    action, severity = then.split()
    values = {
        "rule_name": name, "metric_type": metric, "condition_operator": operator,
        "threshold_value": float(threshold) if "." in threshold else int(threshold), "action_type": action,
        "severity": severity,
    } | more  # fmt: skip
    return Template(key=key, group=group, summary=summary, values=values)


def _also(when: str, reducer: str = "last", window: int = 0) -> dict[str, Any]:
    """A further condition; its window in seconds."""
    metric, operator, threshold = when.split()
    return {"metric": metric, "target": "", "reducer": reducer, "window": window, "operator": operator,
            "threshold": int(threshold)}  # fmt: skip


MINUTES_10, MINUTES_15, MINUTES_30 = (timedelta(minutes=minutes) for minutes in (10, 15, 30))
HOUR, HOURS_6, DAY, WEEK = timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7)
CLASSICS, SCORES, EVENTS = "Basics", "Scores and efficiency", "Anomalies and integrations"
SYSTEMS, SILENCE = "Pushed metrics", "Missing data"

ALERTMANAGER_TEMPLATE = _template(
    "alertmanager", SYSTEMS, "Alerts of Alertmanager", "Alerts for each alert that Alertmanager sends, while it fires.",
    "alertmanager_alert >= 1", "alert high", series_mode="each",
)  # fmt: skip

RULE_TEMPLATES = (
    _template(
        "low-score", CLASSICS, "Fusion score too low", "Alerts when a fusion score is low.",
        "fusion_score < 70", "alert high",
    ),
    _template(
        "efficiency-drop", CLASSICS, "Efficiency dropping",
        "Proposes an optimization while the efficiency index is low.",
        "efficiency_index < 80", "optimize medium",
    ),
    _template(
        "anomaly-spike", CLASSICS, "Anomalies spike",
        "Notifies when there are more anomalies than usual in the last 24 hours.",
        "anomaly_count > 5", "notify medium",
    ),
    _template(
        "unhealthy-integration", CLASSICS, "Integration unhealthy",
        "Proposes the recovery of an integration that is inactive or in error.",
        "integration_health < 75", "optimize high",
    ),
    _template(
        "score-fell", SCORES, "Score dropped by 20 %", "A fusion score drops fast.",
        "fusion_score < -20", "alert high", reducer="percent_change", evaluation_window=DAY,
    ),
    _template(
        "score-two-levels", SCORES, "Score low, then critical",
        "Two levels: a low score, and a critical one.",
        "fusion_score < 70", "alert medium", critical_threshold=50,
    ),
    _template(
        "score-steadily-low", SCORES, "Score low on average",
        "The average is low; a single bad reading is not enough.",
        "fusion_score < 70", "notify medium", reducer="avg", evaluation_window=HOURS_6,
    ),
    _template(
        "score-without-flapping", SCORES, "Score low, without flapping",
        "A score that varies around the threshold alerts once.",
        "fusion_score < 70", "alert medium", recovery_threshold=75, keep_firing_for=MINUTES_15,
    ),
    _template(
        "score-and-efficiency", SCORES, "Score and efficiency low together",
        "Fires only when both are low at the same time.",
        "fusion_score < 70", "optimize high", more_conditions=[_also("efficiency_index < 80")],
    ),
    _template(
        "efficiency-worst-of-the-week", SCORES, "Worst efficiency of the week",
        "The lowest efficiency of a long period. Only logged, as input for a review.",
        "efficiency_index < 60", "log low", reducer="min", evaluation_window=WEEK, repeat_every=DAY,
    ),
    _template(
        "anomalies-rising", EVENTS, "Anomalies rising fast", "The number of anomalies rises fast.",
        "anomaly_count > 10", "alert high", reducer="change", evaluation_window=HOURS_6,
    ),
    _template(
        "anomalies-or-errors", EVENTS, "Anomalies or integration errors",
        "Fires on many anomalies of any kind, or on a few about an integration.",
        "anomaly_count > 20", "notify high", match="any", more_conditions=[_also("integration_error_count > 3")],
    ),
    _template(
        "integration-down", EVENTS, "Integration in error for half an hour",
        "Ignores short errors.",
        "integration_health <= 25", "alert critical", pending_for=MINUTES_30, keep_firing_for=MINUTES_10,
    ),
    _template(
        "integration-errors-critical", EVENTS, "Integration errors pile up",
        "Notifies of several errors; critical where they pile up.",
        "integration_error_count >= 3", "notify medium", critical_threshold=20,
    ),
    _template(
        "cpu-sustained", SYSTEMS, "Processor busy for 15 minutes",
        "High for several evaluations in a row, so short peaks do not alert.",
        "cpu > 90", "alert high", pending_for=MINUTES_15, recovery_threshold=80,
    ),
    _template(
        "disk-filling", SYSTEMS, "Disk filling up",
        "Two levels: a disk that fills up, and one that is nearly full.",
        "disk_used > 80", "alert medium", critical_threshold=95, repeat_every=DAY, keep_firing_for=HOUR,
    ),
    _template(
        "latency-average", SYSTEMS, "Slow responses on average",
        "The average is high; a single slow response is not enough.",
        "latency_ms > 500", "alert high", reducer="avg", evaluation_window=MINUTES_15, critical_threshold=1000,
        recovery_threshold=400,
    ),
    _template(
        "queue-growing", SYSTEMS, "Queue long and still growing",
        "Fires on a long queue that is still growing, not on one that shrinks.",
        "queue_depth > 500", "alert high", more_conditions=[_also("queue_depth > 50", "change", 3600)],
    ),
    _template(
        "error-budget", SYSTEMS, "Daily error budget used up", "The errors of a whole day exceed the budget.",
        "errors > 100", "notify high", reducer="sum", evaluation_window=DAY,
    ),
    ALERTMANAGER_TEMPLATE,
    _template(
        "heartbeat-missing", SILENCE, "Heartbeat missing",
        "Fires after a while without a reading, or when the heartbeat is 0.",
        "heartbeat < 1", "alert critical", no_data_policy="fire", pending_for=MINUTES_30,
    ),
    _template(
        "backup-missing", SILENCE, "No backup within a day",
        "Fires when no backup_done sample was pushed for too long.",
        "backup_done < 1", "alert high", reducer="count", evaluation_window=DAY, repeat_every=DAY,
    ),
    _template(
        "source-unreadable", SILENCE, "Score missing or unreadable",
        "A missing or unreadable fusion score fires like a low one.",
        "fusion_score < 40", "notify medium", no_data_policy="fire", error_policy="fire", pending_for=MINUTES_15,
    ),
)  # fmt: skip


def template_of(key: str) -> Template | None:
    """The template of this key."""
    return next((template for template in RULE_TEMPLATES if template.key == key), None)


def search(words: str) -> list[Template]:
    """The templates that have all of these words somewhere; all where there are none."""
    wanted = words.lower().split()
    return [template for template in RULE_TEMPLATES if all(word in _text(template) for word in wanted)]


def _text(template: Template) -> str:
    values = template.values
    texts = (template.title, template.summary, template.group, values["metric_type"], values["action_type"])
    return " ".join(map(str, texts)).lower().replace("_", " ") + " " + str(values["metric_type"])
