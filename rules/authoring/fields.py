"""The fields of a rule, declared once: what each is called, and who shows, checks, keeps and copies it.

The form, REST, files of rules, bulk edit, trials, versions and copies read this list. Its order is that of files. A
column of `AutomationRule` that is not declared here, or that one of them leaves out, fails `test_fields.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rules.authoring.conditions import MAX_FURTHER
from rules.models import AutomationRule

NUMBER = "Not a number. Example: 70 or 12.5, with a decimal point."
METRIC_REQUIRED = "Enter a metric: a built-in metric such as fusion_score, or the name of a pushed metric or a query."


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleField:
    """A column of a rule. It is writable by form, REST and file, unless `written` says otherwise."""

    name: str
    help: str = ""
    missing: str = ""  # the error where it is left empty; only fields that must be given have one
    invalid: str = ""  # the error where it cannot be read
    in_files: tuple[str, ...] = ()  # its name in files of rules, and others that are read there too
    written: bool = True
    in_form: bool = True  # as a field of its own
    shown: bool = True  # by REST, where it is not written
    checked: bool = True  # by `validate`
    let_be: bool = False  # not checked while it stands as it was: another program may have brought it
    tried: bool = True  # a preview and a trial need it
    bulk: bool = False  # many rules can be given it at once
    versioned: bool = True  # an old version brings it back
    copied: bool = True  # a copy takes it over

    @property
    def file_name(self) -> str:
        """Its name in files of rules."""
        return self.in_files[0] if self.in_files else self.name

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names in files."""
        return tuple(name for name in (self.name, *self.in_files[1:]) if name != self.file_name)

    @property
    def column(self) -> Any:
        """The field of the model."""
        return AutomationRule._meta.get_field(self.name)

    @property
    def label(self) -> str:
        """Its label, in sentence case."""
        text = str(self.column.verbose_name)
        return text[:1].upper() + text[1:]

    @property
    def default(self) -> Any:
        """The value of a new rule."""
        return self.column.get_default()


def _kept(name: str, *, shown: bool = True) -> RuleField:
    """What makes it that one rule, and what is counted: nobody writes it."""
    return RuleField(name=name, written=False, in_form=False, shown=shown, checked=False, tried=False, versioned=False,
                     copied=False)  # fmt: skip


RULE_FIELDS = (
    _kept("id"),
    RuleField(
        name="rule_name", in_files=("name",), help="Name shown in lists and messages.", tried=False, copied=False,
        missing="Enter a name, for example: Fusion score too low.",
    ),
    RuleField(
        name="user", in_files=("owner",), checked=False, versioned=False,
        help="Owner of the rule and default recipient. Rules that watch their owner use the readings of this person.",
    ),
    RuleField(name="description", help="Purpose of the rule.", let_be=True, tried=False),
    RuleField(
        name="status", help="Only active rules are evaluated.", checked=False, tried=False, bulk=True,
        versioned=False, copied=False,
    ),
    RuleField(name="severity", help="Severity of alerts and of log entries.", checked=False, tried=False, bulk=True),
    RuleField(name="labels", help="For filtering and silencing.", let_be=True),
    RuleField(
        name="runbook_url", in_files=("runbook_url", "runbook"), let_be=True, tried=False, bulk=True,
        help="URL of a runbook, linked from alerts.",
        invalid="Invalid URL. Example: https://example.com/what-to-do.",
    ),
    RuleField(
        name="applies_to", checked=False,
        help="Whose readings are evaluated. A rule for everyone has one instance per person.",
    ),
    RuleField(
        name="metric_type", in_files=("metric",), help="A built-in metric, or the name of a pushed metric or a query.",
        missing=METRIC_REQUIRED,
    ),
    RuleField(
        name="target_integration", in_files=("target",), let_be=True,
        help="Only readings of this integration. Empty: readings of the person as a whole.",
    ),
    RuleField(
        name="series_mode", in_files=("instances",),
        help="One instance per person, one per series (each host, each disk), or one per combination of labels.",
    ),
    RuleField(
        name="matchers", let_be=True,
        help='Only series with these labels, for example host=~"web-.*", env!="test". Empty: all series.',
    ),
    RuleField(name="group_by", in_files=("by",), let_be=True, help="Labels to group the series by, for example host."),
    RuleField(
        name="series_aggregate", in_files=("aggregate",), help="How the readings of the series of a group are combined."
    ),
    RuleField(name="reducer", help="The latest reading, or an aggregation over a window."),
    RuleField(
        name="evaluation_window", in_files=("window",),
        help="Time range of the aggregation, from 5m to 30d. None for the latest reading and for unusual.",
    ),
    RuleField(
        name="reducer_parameter", in_files=("parameter",),
        help="Of a quantile: 0 to 1, for example 0.95. Of a predicted value: how far ahead, for example 4h.",
        invalid="Enter a number such as 0.95, or a duration such as 4h.",
    ),
    RuleField(
        name="condition_operator", in_files=("operator",), help="How the reading is compared with the threshold.",
        missing='Enter an operator, for example ">".',
    ),
    RuleField(
        name="threshold_value", in_files=("threshold",), invalid=NUMBER, bulk=True,
        help="In the unit of the metric: scores and health are 0 to 100, counts start at 0.",
        missing="Enter a threshold, for example 70.",
    ),
    RuleField(
        name="critical_threshold", invalid=NUMBER, bulk=True,
        help="Past this value the rule fires immediately as critical. Empty: no critical level.",
    ),
    RuleField(
        name="recovery_threshold", invalid=NUMBER, bulk=True,
        help="Value at which the rule resolves, to avoid flapping. Empty: the threshold.",
    ),
    RuleField(name="more_conditions", help=f"At most {MAX_FURTHER}, evaluated for the same person.", let_be=True),
    RuleField(name="match", help="Whether all conditions must be met at the same time, or any one of them."),
    RuleField(
        name="pending_for", in_files=("pending_for", "for"), let_be=True, bulk=True,
        help="Fire once the condition is met this long, for example 15m or 3 checks. 0: immediately.",
    ),
    RuleField(
        name="keep_firing_for", let_be=True, bulk=True,
        help="Resolve only after the condition has been clear this long, for example 2 checks.",
    ),
    RuleField(
        name="no_data_policy", help="State when there is no reading, or the reading is too old.", tried=False, bulk=True
    ),
    RuleField(name="error_policy", help="State when the metric cannot be read.", tried=False, bulk=True),
    RuleField(
        name="action_type", in_files=("action",), help="What is done when the rule fires.", tried=False,
        missing="Choose an action, for example alert.",
    ),
    RuleField(name="action_config", in_files=("options",), help="Options of the action.", tried=False, in_form=False),
    RuleField(
        name="repeat_every", let_be=True, bulk=True,
        help="Repeat interval while firing, for example 30m, 4h or 1d 12h. 0: at every evaluation.",
    ),
    _kept("uid", shown=False),
    _kept("provisioned_by"),
    _kept("written_by", shown=False),
    _kept("last_triggered_at"),
    _kept("trigger_count"),
    _kept("deleted_at", shown=False),
    _kept("deleted_by", shown=False),
    _kept("created_at"),
    _kept("updated_at"),
)  # fmt: skip
RULE_FIELD_OF_NAME = {field.name: field for field in RULE_FIELDS}
WRITTEN = tuple(field for field in RULE_FIELDS if field.written)


def names(fields: Iterable[RuleField]) -> tuple[str, ...]:
    """The names of these fields."""
    return tuple(field.name for field in fields)


CHECKED = names(field for field in RULE_FIELDS if field.checked)
FIELD_HELP = {field.name: field.help for field in RULE_FIELDS if field.help}
REQUIRED_MESSAGES = {field.name: field.missing for field in RULE_FIELDS if field.missing}
INVALID_MESSAGES = {field.name: field.invalid for field in RULE_FIELDS if field.invalid}
FIELD_LABELS = {field.name: field.label for field in RULE_FIELDS}
