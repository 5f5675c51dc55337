"""Incident reports: what a part of the activity log says, as a page to print and as a Markdown file."""
