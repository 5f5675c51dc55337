"""Backtests: what a rule would have done over past readings, by the state machine of `rules.engine`.

`simulation` is pure and steps one instance through its observations, which `observations` makes from series; `series`
reads these from metric_samples, `samples_file` from a CSV; `replay` runs a rule; `explanation` explains one evaluation.
"""
