"""integration_recovery: for integrations that fail or are unwell."""

from optimizer.strategies import Strategy


class IntegrationRecovery(Strategy):
    kind = "integration_recovery"
    label = "Integration recovery"
    metrics = ("integration_health", "integration_error_count", "anomaly_count")

    def recommend(self, value: float | None, threshold: float, target: str) -> list[str]:
        where = target or "each failing integration"
        return [
            f"Check the credentials of {where} and renew them where they have expired.",
            f"Retry the last synchronisation of {where}.",
            "Read the audit events of severity error of the last 24 hours for the common cause.",
        ]
