"""Attempts as JSON."""

from notifications.models import DeliveryAttempt
from smartagent.rest.serializers import StrictModelSerializer


class AttemptSerializer(StrictModelSerializer):
    class Meta:
        model = DeliveryAttempt
        fields = ["id", "number", "outcome", "code", "milliseconds", "excerpt", "error", "started_at", "finished_at"]
