"""A receiver of webhooks as a process: `python -m smartagent.bench.receiver LATENCY`.

It prints its port, accepts every POST, counts those below /hook/ by webhook-id, and answers these after LATENCY
milliseconds, which GET /latency/MILLISECONDS changes. GET /trickle/SECONDS lets the answers take so long, byte by byte.
GET /total returns their number, GET /counts the number by id.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from smartagent.bench.migration_process import PROJECT

ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"


@dataclass(slots=True)
class Manner:
    """How all connections answer: after `latency` milliseconds, in `trickle` seconds."""

    latency: float
    trickle: float = 0.0

    def set(self, path: str) -> None:
        """Change it as a path says."""
        name, _, value = path.strip("/").partition("/")
        if name in ("latency", "trickle"):
            setattr(self, name, float(value))


class ReceiverProtocol(asyncio.Protocol):
    """One connection of consecutive requests, each with a Content-Length."""

    def __init__(self, counts: "Counter[str]", manner: Manner) -> None:
        self.counts, self.manner = counts, manner
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
            path = first.split(" ")[1]
            if path.startswith("/hook/"):
                self.counts[headers.get("webhook-id", "")] += 1
            if self.manner.latency and path.startswith(("/hook/", "/floor")):
                asyncio.get_running_loop().call_later(self.manner.latency / 1000, self._send, "{}")
            elif self.manner.trickle and path.startswith("/hook/"):
                self._send_slowly("{}")
            else:
                self.manner.set(path)
                self._send(self._answer(path))

    def _send(self, body: str) -> None:
        self.transport.write(ANSWER.format(len(body), body).encode())  # type: ignore[attr-defined]

    def _send_slowly(self, body: str) -> None:
        loop, data = asyncio.get_running_loop(), ANSWER.format(len(body), body).encode()
        for place, byte in enumerate(data):
            loop.call_later(self.manner.trickle * place / len(data), self._write, bytes([byte]))

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():  # the sender has given up
            self.transport.write(data)  # type: ignore[attr-defined]

    def _answer(self, path: str) -> str:
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

    def be(self, **manner: float) -> None:
        """Answer after `latency` milliseconds, in `trickle` seconds."""
        for name, value in manner.items():
            self.client.get(f"/{name}/{value:g}").raise_for_status()

    def counts(self) -> dict[str, int]:
        """The number of bodies received, by webhook-id."""
        return {str(key): int(times) for key, times in self.client.get("/counts").json().items()}


@contextmanager
def receiving(latency: int = 0) -> Iterator[Receiver]:
    """Run a receiver for the length of the block, that answers after `latency` milliseconds."""
    command = [sys.executable, "-m", "smartagent.bench.receiver", str(latency)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:  # noqa: S603 our own module
        try:
            receiver = Receiver(int(process.stdout.readline()), process.pid)  # type: ignore[union-attr]
            with receiver.client:
                yield receiver
        finally:
            process.kill()


async def main(latency: float) -> None:
    """Receive until the process is ended."""
    counts: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    manner = Manner(latency)
    server = await loop.create_server(lambda: ReceiverProtocol(counts, manner), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
