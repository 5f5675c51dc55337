"""Rule health: problems of rules. One file per kind of finding, each a SELECT over the rules in question.

`check` is the port; RULES_HEALTH in the settings names the kinds. `examination` runs all of them in one statement;
`noisiest` counts notifications; `precision`, `feedback_counts` and `suggestion` use people's feedback.
"""
