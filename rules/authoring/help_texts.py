"""What the form of a rule says beside its fields, and where they are empty or cannot be read."""

HELP = {
    "rule_name": "What lists and messages call it.",
    "metric_type": "A built-in metric, or the name under which samples are pushed.",
    "user": "Whose rule it is: who is told, and whose reading is compared where the rule watches its owner.",
    "reducer": "The newest reading, or what the readings of a time come to.",
    "condition_operator": "The rule fires while the reading stands to the threshold like this.",
    "threshold_value": "On the scale of the metric: scores and health are 0 to 100, counts begin at 0.",
    "critical_threshold": "Past this it fires with severity critical, at once. Empty: one level.",
    "match": "Whether all conditions must hold at the same time, or one is enough.",
    "recovery_threshold": "It resolves only once this is reached, so it does not flap. Empty: the threshold itself.",
    "severity": "How serious it is. Everything that the rule writes carries it.",
    "no_data_policy": "What happens where there is no reading, or only one that is too old.",
    "error_policy": "What happens where the source of the readings fails.",
    "status": "Only active rules are evaluated.",
    "runbook_url": "A page that says what to do; the rule links to it.",
    "description": "Why the rule is there.",
}
REQUIRED = {
    "rule_name": "Give the rule a name, for example: Fusion score too low.",
    "metric_type": "Say what is watched: a built-in metric such as fusion_score, or the name of a pushed one.",
    "threshold_value": "Give the number that the reading is compared with, for example 70.",
    "action_type": "Choose what is done when the rule fires.",
}
NUMBER = "This is not a number. Write for example 70 or 12.5, with a point."
INVALID = {
    "threshold_value": NUMBER,
    "recovery_threshold": NUMBER,
    "critical_threshold": NUMBER,
    "runbook_url": "This is not the address of a page. Write for example https://example.com/what-to-do.",
}
