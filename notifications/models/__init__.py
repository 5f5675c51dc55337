"""Models of notifications: inbox, channels, deliveries, preferences, escalations."""

from notifications.models.channel import Channel
from notifications.models.delivery import Delivery, DeliveryAttempt
from notifications.models.escalation import Escalation, EscalationPolicy
from notifications.models.notification import Notification
from notifications.models.preference import Mute, Preference
from notifications.models.reliability import ReliabilityGoal
from notifications.models.self_test import SelfTestRun

__all__ = [
    "Channel", "Delivery", "DeliveryAttempt", "Escalation", "EscalationPolicy", "Mute", "Notification", "Preference",
    "ReliabilityGoal", "SelfTestRun",
]  # fmt: skip
