"""The installation's own key, made once and kept in a file that only its owner can read."""

import os
import secrets
from pathlib import Path

from smartagent.kernel.private_files import private_folder


def secret_key(var: Path) -> str:
    """Return the key in `var`/secret_key, made at first use; for one machine. More machines share SECRET_KEY."""
    file = var / "secret_key"
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
