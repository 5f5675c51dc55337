"""Rules as code: rules in a YAML file, kept in version control and brought in as a whole.

1. `yaml_text` reads a file into plain values, with the line of each; `document` makes rules of them, field by field as
   `file_fields` lists them. Whatever is wrong is a `Problem` with its line, its rule and its field.
2. `matching` finds the rules that the file means, `planning` says what applying it would do, and nothing is changed.
3. `applying` does that in one transaction, or nothing at all.
4. `exporting` writes rules as such a file; read back, they are the same.
"""
