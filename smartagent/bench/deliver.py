"""Rate of deliveries by webhook, and a count of lost ones while the delivering workers are killed.

The floor is aiohttp alone: as many at a time, one session, the same bodies to the same receiver.
"""

import asyncio
import random
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

import aiohttp
from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from notifications.channels import Address, HTTPRequest
from notifications.channels.credentials import keep, values_of
from notifications.channels.webhook import Webhook, new_key
from notifications.delivery.rendering import message_of
from notifications.gateway import Message, post
from notifications.models import Channel, Delivery, DeliveryAttempt
from smartagent.bench.delivery_workers import Workers, working
from smartagent.bench.people import make_people
from smartagent.bench.receiver import Receiver, receiving
from smartagent.models import User

BENCH_RECIPIENTS = 100
POLL_SECONDS = 0.02  # seconds between two looks at how far it is
DELIVERY_TIMEOUT = 120.0  # seconds without anything arriving after which it is given up


class Stuck(Exception):
    """Deliveries stopped arriving before all had arrived."""

    def __str__(self) -> str:
        return str(self.__doc__)


@dataclass(frozen=True, kw_only=True)
class DeliverFigures:
    """`received` counts bodies, `distinct` their webhook-ids; rates are per second, from first attempt to last outcome.

    With kills, that time includes the waits for the leases of killed workers to expire.
    """

    sent: int
    received: int
    distinct: int
    lost: int
    duplicates_by_id: int
    kills: int
    processes: int
    unsettled: int
    seconds: float
    per_second: float
    floor_per_second: float
    ratio: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def bench_deliver(count: int, kills: int, workers: int, lease: int, latency: int, database: str) -> DeliverFigures:
    """Measure in `database`, the scratch database of the default connection."""
    with receiving(latency) as receiver:
        make_deliveries(count, receiver.address, timezone.now())
        floor = floor_of(min(count, 3000), receiver.address)
        with working(workers, database, lease) as working_ones:
            kill_now_and_then(working_ones, kills, count, receiver)
            wait_until_settled(receiver)
        return _figures(count, kills, workers, floor, receiver)


def make_deliveries(count: int, address: str, now: datetime) -> None:
    """Create `count` notifications for people with one signed webhook each."""
    make_people(min(count, BENCH_RECIPIENTS))
    people = list(User.objects.values_list("pk", flat=True))
    for number, person in enumerate(people):
        channel = Channel(user_id=person, name="bench", kind=Webhook.kind)
        keep(channel, {"url": f"{address}/hook/{number}", "key": new_key()})
        channel.save()
    post((_message(people[number % len(people)], number, now) for number in range(count)), now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def floor_of(count: int, address: str) -> float:
    """Return the requests per second of aiohttp alone."""
    delivery = Delivery.objects.select_related("notification", "channel", "user", "rule")[0]
    values = values_of(delivery.channel) if delivery.channel else {}
    outgoing = Webhook().outgoing(message_of(delivery), Address(values))
    started = time.perf_counter()
    asyncio.run(_post_all(count, f"{address}/floor", outgoing))
    return count / (time.perf_counter() - started)


def kill_now_and_then(workers: Workers, kills: int, count: int, receiver: Receiver) -> None:
    """Kill a random worker `kills` times, spread over all deliveries, each time after further ones have arrived."""
    for place in sorted(random.randrange(max(count * 9 // 10, 1)) for _ in range(kills)):  # noqa: S311 no secret
        _wait_for(receiver, max(place, receiver.total() + 1))
        workers.kill_one()


def wait_until_settled(receiver: Receiver) -> None:
    """Wait until all deliveries have an outcome; Stuck if none arrives for DELIVERY_TIMEOUT seconds."""
    seen, since = receiver.total(), time.monotonic()
    while Delivery.objects.unsettled().exists():
        time.sleep(POLL_SECONDS)
        if (total := receiver.total()) != seen:
            seen, since = total, time.monotonic()
        elif time.monotonic() - since > DELIVERY_TIMEOUT:
            raise Stuck


def _wait_for(receiver: Receiver, total: int) -> None:
    while receiver.total() < total and Delivery.objects.unsettled().exists():
        time.sleep(POLL_SECONDS)


def _message(person: UUID, number: int, now: datetime) -> Message:
    return Message(
        id=uuid4(), user_id=person, type="alert", severity="high", title=f"CPU is high ({number})",
        message="CPU is 95: above 90.", metadata={"metric": "cpu", "value": 95, "time": now.isoformat()},
    )  # fmt: skip


async def _post_all(count: int, url: str, outgoing: HTTPRequest) -> None:
    slots = asyncio.Semaphore(settings.DELIVERY_PER_HOST)

    async def post() -> None:
        async with slots, session.post(url, data=outgoing.body, headers=outgoing.headers) as response:
            response.raise_for_status()
            await response.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(post() for _ in range(count)))


def _figures(count: int, kills: int, processes: int, floor: float, receiver: Receiver) -> DeliverFigures:
    counts = receiver.counts()
    sent = {str(key) for key in Delivery.objects.values_list("pk", flat=True)}
    times = DeliveryAttempt.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
    seconds = (times["last"] - times["first"]).total_seconds()
    return DeliverFigures(
        sent=count, received=sum(counts.values()), distinct=len(counts), lost=len(sent - counts.keys()),
        duplicates_by_id=sum(counts.values()) - len(counts), kills=kills, processes=processes,
        unsettled=Delivery.objects.exclude(status="delivered").count(), seconds=round(seconds, 2),
        per_second=round(count / seconds, 1), floor_per_second=round(floor, 1),
        ratio=round(floor / (count / seconds), 2),
    )  # fmt: skip
