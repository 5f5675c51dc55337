"""The example platform as a threaded HTTP server on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from smartagent.demo.platform.requests import Platform, PlatformRequest
from smartagent.demo.platform.service import Service

HOST = "127.0.0.1"
INTEGRATION_NAMES = ("gmail", "slack", "trello", "outlook", "sendgrid")
SERVICE_NAMES = (*INTEGRATION_NAMES, "pager")  # the pager takes notifications
LIFETIME = timedelta(hours=1)
MAX_BODY_BYTES = 64 * 1024  # bytes of a body
QUIET = 30  # seconds after which a connection on which nothing comes is closed


class Running(ThreadingHTTPServer):
    """A running server and its platform; a lock serializes changes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, lifetime: timedelta) -> None:
        self.platform = Platform({name: Service(name, lifetime) for name in SERVICE_NAMES})
        self.changing = threading.Lock()
        super().__init__((HOST, port), PlatformHandler)

    @property
    def address(self) -> str:
        """The base URL of the platform."""
        return f"http://{HOST}:{self.server_port}"


class PlatformHandler(BaseHTTPRequestHandler):
    """Handles one connection."""

    server: Running
    server_version = "ExamplePlatform"
    protocol_version = "HTTP/1.1"
    timeout = QUIET

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name that it has in the library
        """Write nothing: the platform keeps its own log of requests."""

    def _take(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            return self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "application/json", b"{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = PlatformRequest(self.command, urlsplit(self.path).path, headers, self.rfile.read(int(length)))
        with self.server.changing:
            reply = self.server.platform.answer(asked)
        if isinstance(reply, str):
            return self._say(HTTPStatus.OK, "text/html; charset=utf-8", reply.encode())
        if "text/html" in headers.get("accept", "") and self.command == "POST" and reply[0] == HTTPStatus.OK:
            return self._say(HTTPStatus.SEE_OTHER, "text/plain", b"")  # a button of the page was pressed
        return self._say(reply[0], "application/json", json.dumps(reply[1]).encode())

    def _say(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if code == HTTPStatus.SEE_OTHER:
            self.send_header("Location", "/")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running(port: int = 0, lifetime: timedelta = LIFETIME) -> Iterator[Running]:
    """Run the platform for the length of the block, on a free port unless `port` is given."""
    with Running(port, lifetime) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05], name="example platform", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
