"""What the form of a rule says beside its fields, and where they are empty or cannot be read."""

HELP = {
    "rule_name": "Name shown in lists and messages.",
    "metric_type": "A built-in metric, or the name of a pushed metric.",
    "user": "Owner of the rule and default recipient. Rules that watch their owner use the readings of this person.",
    "reducer": "The latest reading, or an aggregation over a window.",
    "condition_operator": "How the reading is compared with the threshold.",
    "threshold_value": "In the unit of the metric: scores and health are 0 to 100, counts start at 0.",
    "critical_threshold": "Past this value the rule fires immediately as critical. Empty: no critical level.",
    "match": "Whether all conditions must be met at the same time, or any one of them.",
    "recovery_threshold": "Value at which the rule resolves, to avoid flapping. Empty: the threshold.",
    "severity": "Severity of alerts and of log entries.",
    "no_data_policy": "State when there is no reading, or the reading is too old.",
    "error_policy": "State when the metric cannot be read.",
    "status": "Only active rules are evaluated.",
    "runbook_url": "URL of a runbook, linked from alerts.",
    "description": "Purpose of the rule.",
}
REQUIRED = {
    "rule_name": "Enter a name, for example: Fusion score too low.",
    "metric_type": "Enter a metric: a built-in metric such as fusion_score, or the name of a pushed metric.",
    "threshold_value": "Enter a threshold, for example 70.",
    "action_type": "Choose an action.",
}
NUMBER = "Not a number. Example: 70 or 12.5, with a decimal point."
INVALID = {
    "threshold_value": NUMBER,
    "recovery_threshold": NUMBER,
    "critical_threshold": NUMBER,
    "runbook_url": "Invalid URL. Example: https://example.com/what-to-do.",
}
