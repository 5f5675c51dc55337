"""Authoring of rules: fields, validation, form options, templates."""
