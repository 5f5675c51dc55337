"""What a rule would have done: the steps of `rules.engine.states` over readings of the past, without a dispatcher.

`playing` is pure and steps one instance through what was seen; `sights` says what was seen; `history` gets the readings
from metric_samples, `samples_file` from a CSV as `rules.csv_samples` reads it; `explaining` answers why at one time.
"""
