"""The files of counters have all of their space, so that a full disk ends no process that counts."""

import os
import subprocess
import sys

import pytest

from smartagent.kernel.mapped_files import INITIAL_BYTES, AllocatedFile

COUNTS = """
import sys
from smartagent.kernel.mapped_files import AllocatedFile
file = AllocatedFile(sys.argv[1])
with open(sys.argv[2], "wb", buffering=0) as ballast:
    try:
        while True:
            ballast.write(bytes(4096))
    except OSError:
        pass
try:
    for number in range(100_000):
        file.write_value(f"metric {number}", 1.0, 0.0)
except OSError as error:
    print(number, error.strerror)
"""


def is_allocated(path):
    found = path.stat()
    return found.st_blocks * 512 >= found.st_size


def test_a_file_has_its_space_from_the_beginning_and_as_it_grows(tmp_path):
    path = tmp_path / "counter_0.db"
    file = AllocatedFile(str(path))
    assert path.stat().st_size == INITIAL_BYTES
    assert is_allocated(path)
    for number in range(2 * INITIAL_BYTES // 32):
        file.write_value(f"metric {number}", float(number), 0.0)
    assert path.stat().st_size > INITIAL_BYTES
    assert is_allocated(path)
    file.close()
    again = AllocatedFile(str(path))
    assert again.read_value("metric 99") == (99.0, 0.0)
    again.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_on_a_full_disk_the_process_goes_on(tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("this container may not mount a file system")
    try:
        files = [str(tmp_path / name) for name in ("counter_0.db", "ballast")]
        done = subprocess.run([sys.executable, "-c", COUNTS, *files], capture_output=True, text=True, check=True)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    number, _, words = done.stdout.strip().partition(" ")
    assert words == "No space left on device"
    assert int(number) * 32 > INITIAL_BYTES / 2
