"""The pages of rules: one file per list, and those that a list cannot be."""
