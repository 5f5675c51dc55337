"""One attempt: a message is sent by its channel. Success and every failure become a result."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from notifications.channels import Address, ChannelError
from notifications.channels.message import OutgoingMessage
from notifications.delivery.outcome import Result
from notifications.delivery.queue import Lease
from notifications.delivery.rendering import write
from notifications.registries import channels
from smartagent.kernel.registry import UnknownKind
from smartagent.kernel.secret_mask import hide
from smartagent.kernel.tracing import span
from smartagent.outbound.errors import NotSent

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The input of an attempt: message, channel and address. The attempt runs in a thread, without the database."""

    lease: Lease
    channel: UUID | None
    kind: str
    message: OutgoingMessage
    address: Address

    def make(self) -> Result:
        """Send the message; every failure becomes a result with its error, and a line of the log."""
        run, said = self._run(), {"delivery": self.message.id, "channel": self.kind, "attempt": self.lease.number}
        with span("delivery", of=run, **said) as note:
            result = self._result()
            note(code=result.code, error=result.error)
        say = log.debug if result.delivered else log.warning
        say(
            "delivered" if result.delivered else "delivery failed", **said, run=str(run) if run else None,
            code=result.code, milliseconds=result.milliseconds, cause=result.error,
        )  # fmt: skip
        return result

    def _run(self) -> UUID | None:
        """The run that led to the message; other programs may have written anything there."""
        try:
            return UUID(str(self.message.facts.get("run")))
        except ValueError:
            return None

    def _result(self) -> Result:
        started = time.perf_counter()
        hidden = channels[self.kind].hidden(self.address) if self.kind in channels else ()

        def result(error: str = "", excerpt: str = "", **found: object) -> Result:
            took = round((time.perf_counter() - started) * 1000, 1)
            return Result(
                lease=self.lease, channel=self.channel, milliseconds=took, note=self.message.wording_failed,
                chance=random.random(), error=hide(error, hidden), excerpt=hide(excerpt, hidden),  # noqa: S311
                **found,  # type: ignore[arg-type]
            )  # fmt: skip

        try:
            receipt = channels[self.kind].send(self.message, self.address)
        except ChannelError as error:
            return result(
                error=str(error), permanent=error.permanent, code=error.code, excerpt=error.excerpt,
                retry_after=timedelta(seconds=error.retry_after) if error.retry_after is not None else None,
            )  # fmt: skip
        except NotSent as error:
            return result(error=str(error), permanent=error.permanent)
        except UnknownKind:
            return result(error=f"Channel type {self.kind} is not installed.", permanent=True)
        except Exception as error:  # a channel that is broken itself must not end the worker, or lose the message
            log.error("channel failed", kind=self.kind, error=type(error).__name__, delivery=self.message.id)
            return result(error=f"{type(error).__name__} in the channel {self.kind}.", permanent=False)
        return result(code=receipt.code, excerpt=receipt.excerpt)


def render(leases: Sequence[Lease]) -> tuple[list[Call], list[Result]]:
    """The call for each lease, or the result where its message cannot be rendered."""
    leased = {one.delivery: one for one in leases}
    written, unwritten = write(leased)
    calls = [
        Call(lease=leased[row.pk], channel=row.channel_id, kind=row.kind, message=message, address=address)
        for row, message, address in written
    ]
    failed = [
        Result(lease=leased[key], channel=None, error=str(why), permanent=True, needless=why.needless)
        for key, why in unwritten.items()
    ]
    return calls, failed
