"""One attempt: a message is sent by its channel. Success and every failure become a result."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, lru_cache
from inspect import iscoroutinefunction
from typing import cast
from uuid import UUID

import structlog
from django.conf import settings

from notifications.channels import Address, ChannelError, ChannelKind, Receipt
from notifications.channels.message import OutgoingMessage
from notifications.delivery.outcome import Result
from notifications.delivery.queue import Lease
from notifications.delivery.rendering import write
from notifications.registries import channels
from smartagent.kernel.event_loop import run_to_end
from smartagent.kernel.registry import UnknownKind
from smartagent.kernel.secret_mask import hide
from smartagent.kernel.tracing import span
from smartagent.outbound.async_client import connections
from smartagent.outbound.errors import NetworkDown, NotSent

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What the calls by one channel share: its address, the secrets to mask, and how much its host is sent at a
    time."""

    channel: UUID | None
    kind: str
    address: Address
    hidden: tuple[str, ...] = field(repr=False)
    host: str
    max_per_host: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The input of an attempt: a message and where it goes. The attempt runs in an event loop, without the database."""

    lease: Lease
    to: Destination
    message: OutgoingMessage

    async def attempt(self) -> Result:
        """Send the message; every failure becomes a result with its error, and a line of the log."""
        run = run_of(str(self.message.facts.get("run")))
        said = {"delivery": self.message.id, "channel": self.to.kind, "attempt": self.lease.number}
        with span("delivery", of=run, **said) as note:
            result = await self._result()
            note(code=result.code, error=result.error)
        say = log.debug if result.delivered else log.warning
        say(
            "delivered" if result.delivered else "delivery failed", **said, run=str(run) if run else None,
            code=result.code, milliseconds=result.milliseconds, cause=result.error,
        )  # fmt: skip
        return result

    async def _result(self) -> Result:
        started = time.perf_counter()

        def result(error: str = "", excerpt: str = "", **found: object) -> Result:
            took = round((time.perf_counter() - started) * 1000, 1)
            return Result(
                lease=self.lease, channel=self.to.channel, milliseconds=took, note=self.message.wording_failed,
                chance=random.random(), error=hide(error, self.to.hidden), excerpt=hide(excerpt, self.to.hidden),  # noqa: S311
                **found,  # type: ignore[arg-type]
            )  # fmt: skip

        try:
            receipt = await sent(channels[self.to.kind], self.message, self.to.address)
        except ChannelError as error:
            return result(
                error=str(error), permanent=error.permanent, code=error.code, excerpt=error.excerpt,
                retry_after=timedelta(seconds=error.retry_after) if error.retry_after is not None else None,
            )  # fmt: skip
        except NotSent as error:
            return result(error=str(error), permanent=error.permanent, network_down=isinstance(error, NetworkDown))
        except UnknownKind:
            return result(error=f"Channel type {self.to.kind} is not installed.", permanent=True)
        except Exception as error:  # a channel that is broken itself must not end the worker, or lose the message
            log.error("channel failed", kind=self.to.kind, error=type(error).__name__, delivery=self.message.id)
            return result(error=f"{type(error).__name__} in the channel {self.to.kind}.", permanent=False)
        return result(code=receipt.code, excerpt=receipt.excerpt)


@lru_cache(maxsize=1024)  # one leads to many
def run_of(text: str) -> UUID | None:
    """The run that led to a message; other programs may have written anything there."""
    try:
        return UUID(text)
    except ValueError:
        return None


async def sent(channel: ChannelKind, message: OutgoingMessage, address: Address) -> Receipt:
    """Send the message; a channel whose `send` is no coroutine does it in a thread."""
    if _is_awaited(channel.send):
        return await cast("Awaitable[Receipt]", channel.send(message, address))
    return cast("Receipt", await asyncio.to_thread(channel.send, message, address))


@cache
def _is_awaited(send: Callable[..., object]) -> bool:
    return iscoroutinefunction(send)


def attempt_all(calls: Sequence[Call]) -> list[Result]:
    """Attempt a few calls at once, outside of a worker; the result of each."""

    async def results() -> list[Result]:
        async with connections():
            return await asyncio.gather(*(call.attempt() for call in calls))

    return run_to_end(results()) if calls else []


def render(leases: Sequence[Lease]) -> tuple[list[Call], list[Result]]:
    """The call for each lease, or the result where its message cannot be rendered."""
    leased = {one.delivery: one for one in leases}
    written, unwritten = write(leased)
    known: dict[tuple[UUID | None, str], Destination] = {}
    for row, _, address in written:
        if (row.channel_id, row.kind) not in known:
            known[row.channel_id, row.kind] = _destination(row.channel_id, row.kind, address)
    calls = [
        Call(lease=leased[row.pk], to=known[row.channel_id, row.kind], message=message) for row, message, _ in written
    ]
    failed = [
        Result(lease=leased[key], channel=None, error=str(why), permanent=True, needless=why.needless)
        for key, why in unwritten.items()
    ]
    return calls, failed


def _destination(channel: UUID | None, name: str, address: Address) -> Destination:
    kind = channels.find(name)
    return Destination(
        channel=channel, kind=name, address=address, hidden=kind.hidden(address) if kind else (),
        host=kind.host(address) if kind else name,
        max_per_host=(kind and kind.max_per_host) or settings.DELIVERY_PER_HOST,
    )  # fmt: skip
