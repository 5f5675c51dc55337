"""Server-sent events, as the HTML standard has them: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

MEDIA_TYPE = "text/event-stream"
HEADERS = {
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # a proxy that collects the answer would keep the events back
    "Content-Encoding": "identity",  # and so would compression
}
KEEP_ALIVE = b":\n\n"


def event(kind: str, data: bytes, position: str) -> bytes:
    """An event of one line of data."""
    name = " ".join(kind.split())
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (position.encode(), name.encode("utf-8", "replace"), data)


def mark(position: str, comment: str) -> bytes:
    """No event, but the position for the next request; and a comment, so that proxies keep the connection."""
    return f": {comment}\nid: {position}\n\n".encode()


def retry(seconds: int) -> bytes:
    """How long the client waits before it connects again."""
    return f"retry: {seconds * 1000}\n\n".encode()
