"""An integration in words."""

from rules.models import Integration


def integration_in_words(integration: Integration) -> str:
    """`slack of Alice is active.`; with its error: `gmail of Bob is error. Token expired`"""
    status = f"{integration} of {integration.user} is {integration.get_status_display().lower()}."
    return f"{status} {integration.error_message}" if integration.error_message else status
