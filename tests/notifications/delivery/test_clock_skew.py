"""What a clock that was ahead has put off does not wait until then."""

from datetime import timedelta

from notifications.delivery.clock_skew import SKEW
from notifications.delivery.outcome import Result, record
from notifications.delivery.pipeline import prepare, take
from notifications.models import Channel, Delivery, DeliveryAttempt
from tests.notifications.outside import MINUTE, START, channel_of, tell

HOUR = timedelta(hours=1)


def test_nothing_waits_for_a_clock_that_was_ahead(alice, clock):
    channel = channel_of(alice, url="http://127.0.0.1:1/hook")
    for _ in range(4):
        tell(alice)
    retried, retried_ahead, leased = take(START, 3, MINUTE)
    record([Result(lease=retried, channel=channel.pk, error="No.")], START)
    record([Result(lease=retried_ahead, channel=channel.pk, error="No.")], START + HOUR)
    ahead = [retried_ahead.delivery, leased.delivery]
    DeliveryAttempt.objects.filter(delivery__in=ahead).update(started_at=START + HOUR)
    Delivery.objects.filter(pk=leased.delivery).update(leased_until=START + HOUR)
    made_ahead = Delivery.objects.exclude(pk__in=[retried.delivery, *ahead])
    made_ahead.update(due_at=START + HOUR, created_at=START + HOUR)
    Channel.objects.update(opened_at=START + HOUR, retry_at=START + HOUR, tokens=0, tokens_at=START + HOUR)
    prepare(START)
    due = dict(Delivery.objects.values_list("pk", "due_at"))
    assert due[retried.delivery] == START + MINUTE / 2
    assert (due[retried_ahead.delivery], due[made_ahead.get().pk]) == (START, START)
    assert Delivery.objects.get(pk=leased.delivery).leased_until == START + SKEW
    channel.refresh_from_db()
    assert (channel.opened_at, channel.retry_at, channel.tokens_at) == (START, START, START)
