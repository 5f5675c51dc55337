"""Pages of rules: lists, and one file for each other page."""
