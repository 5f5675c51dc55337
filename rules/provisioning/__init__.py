"""Rules as code: rules in a YAML file, kept in version control and applied as a whole.

1. `yaml_text` reads a file into plain values with their lines; `document` parses them into rules by the serializer of
   REST (`rule_reading`). Each error is a `Problem` with line, rule and field.
2. `matches` finds the stored rules of the file; `plan` lists the changes that applying it would make.
3. `apply` makes them in one transaction.
4. `source_entries`, `source_matches`, `source_plan`, `source_apply` and `source_writing` do the same for its data
   sources and metric queries, found by name.
5. `export` writes rules as such a file (`rule_writing`); read back, they are the same.
"""
