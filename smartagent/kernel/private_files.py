"""Folders and files that only their owner can read."""

import os
import stat
from contextlib import suppress
from pathlib import Path

# What Smart Agent keeps in VAR_DIR. A folder that holds other things as well, such as /tmp, is not ours to close.
OWN_NAMES = frozenset({
    ".postgres.lock", "audit_key", "backups", "demo_progress", "metrics", "postgres", "postgres_password", "secret_key",
    "servers-tried", "static", "up.lock",
})  # fmt: skip
OTHERS = 0o077


def folder_mode() -> int:
    """The mode of VAR_DIR: root's can be passed, since the embedded server is another user and has its folder in it."""
    return 0o700 if os.geteuid() else 0o711


def private_folder(folder: Path) -> None:
    """Make `folder` for its owner alone; one that is open is closed. OSError if it cannot be made."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(folder_mode())
    elif open_bits(folder) and is_own(folder):
        with suppress(PermissionError):
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) & (0o700 | folder_mode()))


def open_bits(folder: Path) -> int:
    """The bits of the mode of `folder` that let in others than it should."""
    return stat.S_IMODE(folder.stat().st_mode) & OTHERS & ~folder_mode()


def let_group_pass(folder: Path, group: int) -> None:
    """Let `group` alone pass through root's `folder`, instead of everybody."""
    if os.geteuid() == 0 and is_own(folder):
        os.chown(folder, -1, group)
        folder.chmod(0o710)


def is_own(folder: Path) -> bool:
    """Whether `folder` holds nothing but what Smart Agent keeps there, and belongs to this account."""
    return folder.stat().st_uid == os.geteuid() and {each.name for each in folder.iterdir()} <= OWN_NAMES


def write_private(file: Path, text: str) -> None:
    """Write `text` to `file`, which only its owner can read; root gives it to whom the folder belongs. Atomic."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
        if os.geteuid() == 0:
            owner = file.parent.stat()
            os.fchown(stream.fileno(), owner.st_uid, owner.st_gid)
    fresh.rename(file)
