"""Real receivers on loopback, for what the HTTP server of the tests cannot do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def raw_server(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """Lets `answer` do what it likes with each connection; gives the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=[listening.accept()[0]], daemon=True).start()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            answer(connection)

    threading.Thread(target=take, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def read_request(connection: socket.socket) -> bytes:
    """A whole request: who closes before all is read, resets the connection."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = found.partition(b"\r\n\r\n")
    lines = (line.lower().partition(b":") for line in head.splitlines())
    length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body
