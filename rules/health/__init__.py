"""Rule health: one kind of finding a file, each a SELECT over the rules in question.

`checks` is the port; the kinds are named by the setting RULES_HEALTH. `examination` asks them all in one statement;
`noisiest` counts who tells the most; `precision`, `judgements` and `proposal` say how often what is told was useful.
"""
