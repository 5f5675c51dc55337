"""Rules with an instance per series, or per combination of labels.

`selection` finds the series and their newest readings, `aggregates` computes windows, further conditions and groups,
`verdicts` has the verdicts as SQL, `missed` counts the evaluations in which a series had no reading.
"""
