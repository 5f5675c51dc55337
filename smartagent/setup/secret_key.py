"""The installation's own keys, made once and kept in files that only their owner can read."""

import os
import secrets
from pathlib import Path

from smartagent.kernel.private_files import private_folder


def secret_key(var: Path, name: str = "secret_key") -> str:
    """Return the key in the file `name` of `var`, made at first use; more machines must share the key by a setting."""
    file = var / name
    private_folder(var)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        _close(file)
        return file.read_text().strip()
    with os.fdopen(handle, "w") as stream:
        key = secrets.token_urlsafe(50)
        stream.write(key)
    return key


def _close(file: Path) -> None:
    """Take the key from others, where a copy or an earlier version left it open."""
    found = file.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        file.chmod(0o600)
