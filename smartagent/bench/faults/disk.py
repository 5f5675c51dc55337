"""A small file system of its own for a scratch installation, so that its disk can be filled."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

GIGABYTES = 6  # of the image, which is sparse
MOUNT = "/bin/mount"
UMOUNT = "/bin/umount"


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder; `mounted` where it is a file system of its own."""

    folder: Path
    mounted: bool

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Take every free byte."""
        with self._ballast.open("wb") as file:
            for size in (1 << 30, 1 << 20, 4096):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def scratch_disk() -> Iterator[Disk]:
    """A folder for the length of the block, on a file system of its own where this account may mount one."""
    top = Path(tempfile.mkdtemp(prefix="smartagent-faults-"))
    top.chmod(0o755)
    folder = top / "disk"
    folder.mkdir(mode=0o755)
    mounted = _mount(top / "image", folder)
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            subprocess.run([UMOUNT, "--lazy", folder], check=False)  # noqa: S603 our own folder
        shutil.rmtree(top, ignore_errors=True)


def _mount(image: Path, folder: Path) -> bool:
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        return False
    with image.open("wb") as file:
        file.truncate(GIGABYTES << 30)
    for command in (["mkfs.ext4", "-q", "-m", "0", str(image)], [MOUNT, "-o", "loop", str(image), str(folder)]):
        if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603 our own image
            return False
    shutil.rmtree(folder / "lost+found", ignore_errors=True)
    return True
