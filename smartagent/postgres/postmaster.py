"""The running server of a data directory, as its postmaster.pid tells."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """A server that is running, or was when it was killed."""

    pid: int
    data: Path
    sockets: Path
    port: int
    ready: bool

    @classmethod
    def of(cls, data: Path) -> Self | None:
        """Read postmaster.pid; None where there is none or it is still being written."""
        try:
            lines = (data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
            ready = len(lines) > 7 and lines[7].strip() == "ready"
            return cls(pid=int(lines[0]), port=int(lines[3]), sockets=Path(lines[4]), ready=ready, data=data)
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def exists(self) -> bool:
        """Tell, cheaply, whether there is a process of that number that is not a mere zombie."""
        try:
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def alive(self) -> bool:
        """Tell whether the process is that server: numbers are used again, and zombies keep theirs."""
        try:
            return self.data.samefile(psutil.Process(self.pid).cwd())
        except (psutil.Error, OSError):
            return False

    def accepts(self) -> bool:
        """Tell whether somebody listens on the socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.sockets / f".s.PGSQL.{self.port}"))
            except OSError:
                return False
        return True

    def running(self) -> bool:
        """Tell whether it is up; `accepts` sees a server in another container on the same folder as well."""
        return self.alive() or self.accepts()


def orphans(data: Path) -> bool:
    """Tell whether children of a killed server still hold the data directory."""
    return any(
        process.info["cwd"] == str(data) and process.info["status"] != psutil.STATUS_ZOMBIE
        for process in psutil.process_iter(["cwd", "status"])
    )
