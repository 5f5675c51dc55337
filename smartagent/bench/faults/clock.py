"""A clock that can be set for the processes of an installation alone: a small library that they are started with."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
SECONDS = struct.Struct("q")


class Clock:
    """The clock of an installation, in `folder`; without a C compiler it cannot be set."""

    def __init__(self, folder: Path) -> None:
        self._library, self._shift = folder / "clock.so", folder / "clock"
        compiler = shutil.which("cc") or shutil.which("gcc")
        command = [str(compiler), "-shared", "-fPIC", "-O2", "-o", str(self._library), str(SOURCE), "-ldl"]
        self.can_be_set = compiler is not None and not subprocess.run(command, check=False).returncode  # noqa: S603
        self.set(0)

    def set(self, seconds: int) -> None:
        """From now on it is so many seconds ahead of the right time."""
        data = SECONDS.pack(seconds)
        if not self._shift.exists():
            self._shift.write_bytes(data)
        with self._shift.open("r+b") as file:  # in place: processes have mapped it
            file.write(data)

    def environment(self) -> dict[str, str]:
        """What processes with this clock are started with."""
        if not self.can_be_set:
            return {}
        return {"LD_PRELOAD": str(self._library), "SMARTAGENT_BENCH_CLOCK": str(self._shift)}
