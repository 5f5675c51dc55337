"""Names of hosts as the processes of an installation see them: files of their own in place of /etc/hosts.

A private mount namespace has them; without the right to make one, receivers are named by their address.
"""

import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

RECEIVER_HOST = "receiver.bench.example"
DNS_ADDRESS = "127.0.0.83"  # where nothing answers: packets are taken and forgotten
BIND = 'mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf && shift && exec "$@"'


class Names:
    """What /etc/hosts and /etc/resolv.conf are for an installation in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private = os.geteuid() == 0 and shutil.which("unshare") is not None and self._may_bind()
        self.host = RECEIVER_HOST if self.private else "127.0.0.1"

    def wrapped(self, command: list[str]) -> list[str]:
        """The command, run with these names."""
        if not self.private:
            return command
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", BIND, "sh", str(self.folder), *command]

    def die(self) -> None:
        """From now on the name must be asked of a server, which does not answer."""
        self._write("")

    def come_back(self) -> None:
        """The name is known again."""
        self._write(f"127.0.0.1 {RECEIVER_HOST}\n")

    def _may_bind(self) -> bool:
        self.folder.mkdir(exist_ok=True)
        self.come_back()
        (self.folder / "resolv.conf").write_text(f"nameserver {DNS_ADDRESS}\noptions timeout:2 attempts:1\n")
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", BIND, "sh", str(self.folder), "true"]
        if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 a fixed command
            return False
        try:
            silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            silent.bind((DNS_ADDRESS, 53))
        except OSError:
            return False
        threading.Thread(target=_forget_packets, args=[silent], daemon=True).start()
        return True

    def _write(self, hosts: str) -> None:
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost\n{hosts}")


def _forget_packets(silent: socket.socket) -> None:
    while True:
        silent.recv(2048)
