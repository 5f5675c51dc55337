"""Silences and maintenance windows: when they are on, and what they cover."""
