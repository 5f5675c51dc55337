"""The files of prometheus-client's multiprocess mode, with all of their space taken before it is written.

They are mapped into memory and have holes. On a full disk the kernel cannot fill a hole, and ends the process that
writes there with SIGBUS. A file that has its space does not need any; one that does not get it is an OSError in time.
"""

import os
from typing import Any

from prometheus_client.mmap_dict import MmapedDict

INITIAL_BYTES = 1 << 16
MAX_ENTRY_OVERHEAD = 64  # bytes that a value takes beside its name


class AllocatedFile(MmapedDict):
    """A mapped file without holes."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            allocate(filename, INITIAL_BYTES)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> Any:
        state: Any = self
        needed, capacity = state._used + len(key.encode()) + MAX_ENTRY_OVERHEAD, state._capacity
        while needed > capacity:
            capacity *= 2
        if capacity > state._capacity:
            allocate(state._fname, capacity)
        return super()._init_value(key)  # type: ignore[no-untyped-call]


def allocate(filename: str, size: int) -> None:
    """Take the space of a file, which is `size` bytes long at least; OSError where there is none."""
    if not hasattr(os, "posix_fallocate"):
        return
    with open(filename, "ab") as file:  # noqa: PTH123 as prometheus-client has it
        os.posix_fallocate(file.fileno(), 0, max(size, os.fstat(file.fileno()).st_size))
