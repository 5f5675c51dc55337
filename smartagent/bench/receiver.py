"""A receiver of webhooks as a process: `python -m smartagent.bench.receiver`.

It prints its port, accepts every POST, and counts those below /hook/ by webhook-id. GET /total returns their number,
GET /counts the number by id.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from smartagent.bench.migration_process import PROJECT

ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"


class ReceiverProtocol(asyncio.Protocol):
    """One connection of consecutive requests, each with a Content-Length."""

    def __init__(self, counts: "Counter[str]") -> None:
        self.counts = counts
        self.come = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.come += data
        while (end := self.come.find(b"\r\n\r\n")) >= 0:
            first, *lines = self.come[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self.come) < whole:
                return
            self.come = self.come[whole:]
            body = self._answer(first.split(" ")[1], headers)
            self.transport.write(ANSWER.format(len(body), body).encode())  # type: ignore[attr-defined]

    def _answer(self, path: str, headers: dict[str, str]) -> str:
        if path.startswith("/hook/"):
            self.counts[headers.get("webhook-id", "")] += 1
        if path == "/total":
            return str(self.counts.total())
        return json.dumps(self.counts) if path == "/counts" else "{}"


class Receiver:
    """The receiver, for the process that started it."""

    def __init__(self, port: int, pid: int) -> None:
        self.pid = pid
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.address, trust_env=False)

    def total(self) -> int:
        """The number of bodies received."""
        return int(self.client.get("/total").text)

    def counts(self) -> dict[str, int]:
        """The number of bodies received, by webhook-id."""
        return {str(key): int(times) for key, times in self.client.get("/counts").json().items()}


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the length of the block."""
    command = [sys.executable, "-m", "smartagent.bench.receiver"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:  # noqa: S603 our own module
        try:
            receiver = Receiver(int(process.stdout.readline()), process.pid)  # type: ignore[union-attr]
            with receiver.client:
                yield receiver
        finally:
            process.kill()


async def main() -> None:
    """Receive until the process is ended."""
    counts: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ReceiverProtocol(counts), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
