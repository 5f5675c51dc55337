"""Checks of the files beside the database: nobody but their owner may read them."""

import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from smartagent.doctor.findings import Finding, warning
from smartagent.kernel.private_files import OTHERS, open_bits

SECRET_FILES = ("audit_key", "secret_key", "postgres_password")


def check_private_files() -> Iterator[Finding]:
    """VAR_DIR is closed to others, and so are the files that hold secrets."""
    var = Path(settings.VAR)
    if var.is_dir() and open_bits(var):
        yield warning("files", f"Other accounts of this machine can list {var}.",
                      f"chmod go-rwx {var}, or set VAR_DIR to a folder of its own.")  # fmt: skip
    for file in (*(var / name for name in SECRET_FILES), Path(settings.BASE_DIR) / ".env"):
        if file.is_file() and stat.S_IMODE(file.stat().st_mode) & OTHERS:
            yield warning("files", f"Other accounts of this machine can read {file}, which holds secrets.",
                          f"chmod 600 {file}, and change the secrets if others use this machine.")  # fmt: skip
