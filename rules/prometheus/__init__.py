"""Import of Prometheus alerting rules into rule files of Smart Agent."""
