"""Outgoing HTTP: one client for all channels and operations, which reaches no forbidden address."""
