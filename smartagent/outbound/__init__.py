"""Outgoing HTTP: one client for all, which reaches no forbidden address."""
