"""The story of a delivery.

1. The gateway has written it, in the transaction of whoever tells something. Quiet hours, digests or a missing channel
   may hold it; what is held until now is let out, what has expired is given up, what a broken channel keeps is handed
   to the next one of the person.
2. A worker leases what is due, and writes an attempt for each, before anything is sent.
3. It sends, outside any transaction, many at a time. The delivery's id is the idempotency key.
4. What came of it is written down: delivered, due again later, or dead; the attempt; and the breaker of the channel.

A worker that dies in between leaves a lease that runs out, and the delivery is sent again with the same id: at least
once, and to be told apart.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from notifications.bundling import release
from notifications.channels import Address, ChannelError
from notifications.escalating import escalate
from notifications.failing_over import fail_over
from notifications.leasing import Lease, lease, lease_one
from notifications.letters import Letter
from notifications.registries import channels
from notifications.settling import Result, expire, settle
from notifications.writing import write
from smartagent.outbound.errors import NotSent

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
PAUSE = 1.0  # seconds between two looks where nothing was due
HOUSEKEEPING = 5.0  # seconds between two looks at what is held, expired or broken


def deliver(now: datetime) -> int:
    """Send everything that is due now; return how many attempts that were."""
    prepare(now)
    return Worker().run(until_empty=True)


def deliver_one(delivery: UUID, now: datetime) -> Result | None:
    """Send this one at once, by the way of all others; None where it is not due."""
    leased = lease_one(delivery, now, LEASE)
    if leased is None:
        return None
    results = [call() for call in _calls([leased])]
    settle(results, timezone.now())
    return results[0]


def prepare(now: datetime) -> None:
    """Tell whom an escalation comes to, let out what was held until now, give up what has expired, hand over what a
    broken channel keeps."""
    escalate(now)
    release(now)
    expire(now)
    fail_over(now)


class Worker:
    """Leases and sends until it is told to stop: never more than it has hands for, so that no lease runs out."""

    def __init__(self, lease_for: timedelta = LEASE) -> None:
        self.lease_for = lease_for
        self.hands = settings.DELIVERY_CONCURRENCY
        self.stopped = threading.Event()

    def run(self, *, until_empty: bool = False) -> int:
        """Work; return how many attempts were made. With `until_empty` it ends when nothing is due any more."""
        done, looked = 0, time.monotonic()
        running: set[Future[Result]] = set()
        with ThreadPoolExecutor(self.hands, thread_name_prefix="deliver") as pool:
            while not (self.stopped.is_set() and not running):
                if not until_empty and time.monotonic() - looked > HOUSEKEEPING:
                    prepare(timezone.now())
                    looked = time.monotonic()
                fresh = [] if self.stopped.is_set() else self._take(len(running))
                running |= {pool.submit(call) for call in fresh}
                if not running:
                    if until_empty:
                        break
                    self.stopped.wait(PAUSE)
                    continue
                done += self._settle(running)
        return done

    def _take(self, running: int) -> list[Callable[[], Result]]:
        room = 2 * self.hands - running
        return _calls(lease(timezone.now(), room, self.lease_for)) if room >= self.hands else []

    def _settle(self, running: set[Future[Result]]) -> int:
        """Write down what has come back; wait a moment for more, as many are written as fast as one."""
        wait(running, timeout=PAUSE, return_when=FIRST_COMPLETED)
        wait(running, timeout=0.01)
        done = {future for future in running if future.done()}
        running -= done
        settle([future.result() for future in done], timezone.now())
        return len(done)


def _calls(leases: list[Lease]) -> list[Callable[[], Result]]:
    """What is to be done for each lease; where a letter cannot be written, that is the result."""
    leased = {one.delivery: one for one in leases}
    written, failed = write(leased)
    calls: list[Callable[[], Result]] = [
        _call(leased[row.pk], row.channel_id, row.kind, letter, address) for row, letter, address in written
    ]
    for key, why in failed.items():
        calls.append(_nothing(Result(lease=leased[key], channel=None, error=why, permanent=True)))
    return calls


def _call(leased: Lease, channel: UUID | None, kind: str, letter: Letter, address: Address) -> Callable[[], Result]:
    return lambda: attempt(leased, channel, kind, letter, address)


def _nothing(result: Result) -> Callable[[], Result]:
    return lambda: result


def attempt(leased: Lease, channel: UUID | None, kind: str, letter: Letter, address: Address) -> Result:
    """Send one letter; whatever goes wrong is a result with its cause. Network only: it runs in a thread."""
    started = time.perf_counter()

    def result(**found: object) -> Result:
        took = (time.perf_counter() - started) * 1000
        return Result(lease=leased, channel=channel, milliseconds=round(took, 1), chance=random.random(), **found)  # type: ignore[arg-type]  # noqa: S311

    try:
        receipt = channels[kind].send(letter, address)
    except ChannelError as error:
        return result(
            error=str(error), permanent=error.permanent, code=error.code, excerpt=error.excerpt,
            retry_after=timedelta(seconds=error.retry_after) if error.retry_after is not None else None,
        )  # fmt: skip
    except NotSent as error:
        return result(error=str(error), permanent=error.permanent)
    except Exception as error:  # a channel that is broken itself must not end the worker, or lose the message
        log.error("channel failed", kind=kind, error=type(error).__name__, delivery=str(leased.delivery))
        return result(error=f"{type(error).__name__} in the channel {kind}.", permanent=False)
    return result(code=receipt.code, excerpt=receipt.excerpt)
