"""Protocols by which other programs send metrics: each file reads one into an `Intake`."""
