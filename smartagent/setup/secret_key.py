"""The installation's own key, made once and kept in a file that only its owner can read."""

import os
import secrets
from pathlib import Path


def secret_key(var: Path) -> str:
    """Return the key in `var`/secret_key, made at first use; for one machine. More machines share SECRET_KEY."""
    file = var / "secret_key"
    var.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(handle, "w") as stream:
        key = secrets.token_urlsafe(50)
        stream.write(key)
    return key
