"""What stops a backup, a check or a restore: a message that says what is wrong and what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIXES = {
    errno.ENOSPC: "the disk is full: free space, or name a file on another disk",
    errno.EFBIG: "the file would be larger than this account or its disk allows: name a file on another disk",
    errno.EDQUOT: "the quota of this account is used up: free space, or name a file on another disk",
    errno.EACCES: "this account has no permission: run this as the owner, or name another file",
    errno.EPERM: "this account has no permission: run this as the owner, or name another file",
    errno.EROFS: "the disk is read-only: name a file on another disk",
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "it is a folder: name a file",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.ENAMETOOLONG: "its name is too long",
}


class BackupError(Exception):
    """The backup, check or restore was not done; the message is for people."""


class NotABackup(BackupError):
    """The file is not a whole backup of Smart Agent."""


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Errors of the file system as sentences."""
    try:
        yield
    except OSError as error:
        reason = FIXES.get(error.errno or 0, error.strerror or str(error))
        raise BackupError(f"{file}: {reason}.") from error
