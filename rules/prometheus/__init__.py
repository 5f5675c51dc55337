"""Alerting rules of Prometheus, read into files of ours where they say the same."""
