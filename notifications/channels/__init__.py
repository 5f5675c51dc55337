"""The port of channels: one verb, `send`. One file per transport, one line in NOTIFICATIONS_CHANNELS."""

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms

from notifications.channels.message import OutgoingMessage
from smartagent.kernel.secret_mask import forms_of
from smartagent.outbound.async_client import send
from smartagent.outbound.client import Answer

__all__ = ["Address", "ChannelError", "ChannelKind", "HTTPChannel", "HTTPRequest", "Receipt"]


@dataclass(frozen=True, slots=True)
class Address:
    """The settings of a channel with its secrets, which its repr does not show."""

    values: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The acceptance of a message by the receiver, with its answer."""

    code: int | None = None
    excerpt: str = ""


class ChannelError(Exception):
    """The receiver did not accept the message. `permanent` where a retry would not help."""

    def __init__(
        self, detail: str, *, permanent: bool = False, code: int | None = None, excerpt: str = "",
        retry_after: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.permanent, self.code, self.excerpt, self.retry_after = permanent, code, excerpt, retry_after


class ChannelKind:
    """A kind of channel. `form` validates its settings; those named in `secrets` are stored encrypted.

    `makes` are secrets that can be generated; the previous one is kept under the name in `keeps_before`. `addresses`
    are settings that decide where secrets are sent: when one is changed, the secrets must be entered again. With
    `each_instance`, messages name all instances, not the first ten. `max_per_host` messages go to one host at a time;
    None: as many as DELIVERY_PER_HOST.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    icon: ClassVar[str] = "send"
    form: ClassVar[type[forms.Form]]
    secrets: ClassVar[tuple[str, ...]] = ()
    addresses: ClassVar[tuple[str, ...]] = ()
    makes: ClassVar[Mapping[str, Callable[[], str]]] = {}
    keeps_before: ClassVar[Mapping[str, str]] = {}
    each_instance: ClassVar[bool] = False
    max_per_host: ClassVar[int | None] = None

    def send(self, message: OutgoingMessage, address: Address) -> Receipt | Coroutine[Any, Any, Receipt]:
        """Send the message; ChannelError or NotSent where it was not accepted. Network only: no database.

        `async def` where it waits for the network by awaiting: hundreds are sent at a time. A plain `def` runs in one
        of a few threads.
        """
        raise NotImplementedError(f"{type(self).__name__} must send().")

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        """The message as text, without secrets."""
        raise NotImplementedError(f"{type(self).__name__} must preview().")

    def host(self, address: Address) -> str:
        """The host that is called, of which `max_per_host` messages are sent at a time: that of the setting `url`, or
        one that all channels of this kind call."""
        return urlsplit(str(address["url"])).netloc or self.kind

    def where(self, address: Address) -> str:
        """The destination in short, without secrets."""
        return ""

    def bound(self, known: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, ...]:
        """The stored secrets that may not be reused when settings change from `known` to `values`."""
        if all((values.get(name) or "") == (known.get(name) or "") for name in self.addresses):
            return ()
        return tuple(name for name in self.secrets if name not in self.addresses and known.get(name))

    def hidden(self, address: Address) -> tuple[str, ...]:
        """The secrets to mask in every record, even where the receiver repeats them."""
        return forms_of(str(address[name]) for name in self.secrets if address[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRequest:
    """An HTTP request of a channel. It holds secrets, which its repr does not show."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


AGAIN = {408, 425, 429}


class HTTPChannel(ChannelKind):
    """A channel that sends one POST request. Only 2xx is a success; 408, 429 and 5xx are retried, others are permanent
    failures."""

    def outgoing(self, message: OutgoingMessage, address: Address) -> HTTPRequest:
        """The request."""
        raise NotImplementedError(f"{type(self).__name__} must give its outgoing().")

    def check(self, answer: Answer) -> None:
        """ChannelError where the body of a 2xx answer reports a failure."""

    def words(self, answer: Answer) -> str:
        """The error text in an answer that is not 2xx, if there is one."""
        return ""

    async def send(self, message: OutgoingMessage, address: Address) -> Receipt:
        return await self.post(self.outgoing(message, address))

    async def post(self, request: HTTPRequest) -> Receipt:
        """Send the request; ChannelError where it was not accepted."""
        answer = await send("POST", request.url, content=request.body, headers=request.headers)
        if not answer.succeeded:
            raise refusal(answer, self.words(answer))
        self.check(answer)
        return Receipt(code=answer.code, excerpt=answer.excerpt)

    def preview(self, message: OutgoingMessage, address: Address) -> str:
        body = self.outgoing(message, address).body
        try:
            return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        except ValueError:
            return body.decode("utf-8", "replace")


def refusal(answer: Answer, words: str = "") -> ChannelError:
    """The ChannelError for an answer that is not 2xx; `words` is the receiver's error text."""
    moved = " Redirects are not followed." if 300 <= answer.code < 400 else ""
    quoted = f" It says: {words[:300].rstrip('.')}." if words else ""
    wait = answer.retry_after.total_seconds() if answer.retry_after is not None else None
    return ChannelError(
        f"Answered {answer.code}.{moved}{quoted}", permanent=answer.code not in AGAIN and answer.code < 500,
        code=answer.code, excerpt=answer.excerpt, retry_after=wait,
    )  # fmt: skip


def unexpected(answer: Answer, rule: str) -> ChannelError:
    """The ChannelError for a 2xx answer that does not confirm the message; `rule` describes the expected one."""
    page = answer.excerpt.lstrip("\ufeff \t\r\n")[:1] == "<"
    received = (
        "a page of HTML" if page else f"“{' '.join(answer.excerpt[:120].split())}”" if answer.excerpt else "nothing"
    )
    return ChannelError(
        f"Answered {answer.code} with {received}. {rule}, so the message was not delivered: check the address.",
        code=answer.code, excerpt=answer.excerpt,
    )  # fmt: skip


def as_json(body: Any, **headers: str) -> dict[str, Any]:
    """The body and headers of a JSON request."""
    return {
        "body": json.dumps(body, ensure_ascii=False).encode(),
        "headers": {"Content-Type": "application/json"} | headers,
    }


def facts_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty where there is none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
