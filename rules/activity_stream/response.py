"""The answer to a request for the stream."""

import time
from collections.abc import Callable, Iterator

from django.db import connection
from django.http import StreamingHttpResponse

from rules.activity_stream import feed
from rules.activity_stream.position import Position
from rules.models import ActivityEntry
from rules.models.querysets import ActivityQuerySet
from smartagent.rest import event_stream
from smartagent.rest.slots import Slots

POLL_SECONDS, KEEP_ALIVE_SECONDS = 2.0, 15.0
MAX_SECONDS = 240.0  # then the client connects again, so that no thread is held for ever
RETRY_SECONDS = 2
# Each occupies a thread of the web server while it lasts.
STREAM_SLOTS = Slots("streams", 4, retry_after=15)

Written = Callable[[ActivityEntry], bytes]


def stream(
    entries: ActivityQuerySet, position: Position | None, written: Written, may_go_on: Callable[[], bool]
) -> StreamingHttpResponse:
    """The stream of what is new among `entries` since `position`, else from now on; Busy where too many run."""
    begun = position or feed.newest()
    held = STREAM_SLOTS.hold(events(entries, begun, written, may_go_on))
    return StreamingHttpResponse(held, content_type=event_stream.MEDIA_TYPE, headers=event_stream.HEADERS)


def events(
    entries: ActivityQuerySet, position: Position, written: Written, may_go_on: Callable[[], bool]
) -> Iterator[bytes]:
    """The bytes of the stream, until it may not go on; between two looks no connection to the database is held."""
    end, said = time.monotonic() + MAX_SECONDS, time.monotonic()
    yield event_stream.retry(RETRY_SECONDS) + event_stream.mark(position.encode(), "connected")
    while may_go_on():
        found = feed.look(entries, position)
        for behind, entry in feed.sent(entries, position, found):
            said = time.monotonic()
            yield event_stream.event(entry.event_type, written(entry), behind.encode())
        position = found.end
        _give_connection_back()
        now = time.monotonic()
        if now >= end:
            yield event_stream.mark(position.encode(), "connect again") + event_stream.retry(RETRY_SECONDS)
            return
        if now - said >= KEEP_ALIVE_SECONDS:
            said = now
            yield event_stream.mark(position.encode(), "keep-alive")
        elif not found.places:
            yield event_stream.KEEP_ALIVE  # a server notices only now that the client has gone
        if not found.places:
            time.sleep(max(0.0, min(POLL_SECONDS, end - now)))


def _give_connection_back() -> None:
    if not connection.in_atomic_block:
        connection.close()
