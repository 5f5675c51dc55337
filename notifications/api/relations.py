"""What rows of the API refer to: channels, notifications, deliveries and escalation policies."""

from notifications.models import Channel, Delivery, EscalationPolicy, Notification
from smartagent.rest.relations import Relation

CHANNEL = Relation(
    Channel, "name", "notifications.api.channel_serializers.ChannelSerializer", "channels",
    lambda me: Channel.objects.select_related("user").visible_to(me),
)  # fmt: skip
NOTIFICATION = Relation(Notification, "", "notifications.api.inbox.NotificationSerializer", "notifications")
DELIVERY = Relation(
    Delivery, "", "notifications.api.deliveries.DeliverySerializer", "deliveries",
    lambda me: Delivery.objects.select_related("channel").visible_to(me),
)  # fmt: skip
POLICY = Relation(EscalationPolicy, "name", "notifications.api.escalations.PolicySerializer", "escalation-policies")
