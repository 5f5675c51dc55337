"""The keys of an installation, which are outside the database: without them its encrypted secrets cannot be read."""

import hmac
from pathlib import Path
from typing import Any

from django.conf import settings

from smartagent.kernel.private_files import write_private

KEY_FILES = ("secret_key", "audit_key")  # in VAR_DIR
LABEL = b"smartagent backup: which SECRET_KEY"
FORMER = ".before_restore"


def fingerprint(key: str) -> str:
    """By which a key is known again; it tells nothing of the key."""
    return hmac.new(key.encode(), LABEL, "sha256").hexdigest()[:16]


def fingerprints_here() -> list[str]:
    """Those of the keys that this installation can decrypt with, the present one first."""
    return [fingerprint(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def key_material() -> dict[str, Any]:
    """The keys of this installation."""
    files = {name: Path(settings.VAR) / name for name in KEY_FILES}
    return {
        "SECRET_KEY": settings.SECRET_KEY,
        "SECRET_KEY_FALLBACKS": list(settings.SECRET_KEY_FALLBACKS),
        "AUDIT_KEY": settings.AUDIT_KEY,
        "AUDIT_KEY_FALLBACKS": list(settings.AUDIT_KEY_FALLBACKS),
        "files": {name: file.read_text() for name, file in files.items() if file.is_file()},
    }


def put_back(material: dict[str, Any]) -> list[str]:
    """Write the key files to VAR_DIR; files that differ are kept under another name. Return what was done."""
    files = dict(material.get("files") or {})
    for name in KEY_FILES:
        files.setdefault(name, str(material.get(name.upper(), "")))
    done = []
    for name in KEY_FILES:
        if text := files.get(name):
            done += _put(Path(settings.VAR) / name, text)
    return done


def _put(file: Path, text: str) -> list[str]:
    if not file.exists():
        write_private(file, text)
        return [f"{file} written."]
    if file.read_text().strip() == text.strip():
        return []
    file.rename(file.with_name(file.name + FORMER))
    write_private(file, text)
    return [f"{file} written; the former is {file.name}{FORMER}."]
