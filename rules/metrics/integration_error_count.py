"""integration_error_count: anomalies of events about an integration."""

from rules.metrics.anomaly_count import AnomalyCount


class IntegrationErrorCount(AnomalyCount):
    kind = "integration_error_count"
    label = "Integration error count"
    help = "Audit events of severity error or critical in the last 24 hours whose event names an integration."
    pattern = "%integration%"
