"""How much more may be leased, and for whom not."""

from uuid import UUID, uuid4

from django.utils import timezone

from notifications.channels import Address
from notifications.channels.message import OutgoingMessage
from notifications.delivery.attempt import Call, Destination
from notifications.delivery.outstanding import ENOUGH, Outstanding
from notifications.delivery.queue import Lease
from notifications.delivery.rate_limit import DueDelivery

ALICE, BOB, OLGA = UUID(int=1), UUID(int=2), UUID(int=3)
MESSAGE = OutgoingMessage(
    id="1", reason="first", type="alert", severity="high", title="", text="", url="", created_at=timezone.now()
)


def calls(count, channel, host):
    """So many calls by a channel, of which a host is sent 50 at a time."""
    to = Destination(channel=channel, kind="webhook", address=Address({}), hidden=(), host=host, max_per_host=50)
    return [Call(lease=Lease(uuid4(), uuid4(), 1, timezone.now()), to=to, message=MESSAGE) for _ in range(count)]


def test_a_channel_has_enough_until_some_have_come_back():
    out, many = Outstanding(500), calls(ENOUGH, ALICE, "x")
    out.add([*many, *calls(1, BOB, "y")])
    assert (out.full(), out.left()) == ({ALICE}, 499 - ENOUGH)
    due = [DueDelivery(uuid4(), BOB) for _ in range(ENOUGH)]
    assert out.within_room([DueDelivery(uuid4(), ALICE), *due]) == due[:-1]
    out.remove(many[0].lease)
    assert out.full() == set()


def test_a_host_that_has_enough_holds_its_channels_and_takes_no_room_of_others():
    out = Outstanding(100)
    of_host = [*calls(40, ALICE, "x"), *calls(40, BOB, "x"), *calls(30, OLGA, "x")]
    out.add([*of_host, *calls(5, UUID(int=4), "y")])
    assert (out.full(), out.left()) == ({ALICE, BOB, OLGA}, 95)
    for call in of_host:
        out.remove(call.lease)
    assert (len(out), out.full(), out.left()) == (5, set(), 95)


def test_one_of_several_workers_has_its_share():
    out = Outstanding(100, share=4)
    out.add(calls(ENOUGH // 4, ALICE, "x"))
    assert out.full() == {ALICE}
