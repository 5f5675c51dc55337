"""Silences and maintenance windows: when they are active, and which instances they cover."""
