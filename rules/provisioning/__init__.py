"""Rules as code: rules in a YAML file, kept in version control and brought in as a whole.

1. `yaml_text` reads a file into plain values, with the line of each; `document` makes rules of them, each read by the
   serializer of REST (`rule_reading`). Whatever is wrong is a `Problem` with its line, its rule and its field.
2. `matches` finds the rules that the file means, `plan` says what applying it would do, and nothing is changed.
3. `apply` does that in one transaction, or nothing at all.
4. `export` writes rules as such a file (`rule_writing`); read back, they are the same.
"""
