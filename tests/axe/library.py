"""axe-core, from npm's registry into var/."""

import os
import subprocess
import tarfile
from pathlib import Path

VERSION = "4.14.1"
PACKAGE = f"axe-core@{VERSION}"


class NoAxe(RuntimeError):
    """axe-core cannot be had here."""


def axe_script() -> str:
    """The text of axe.min.js; fetched by npm once. NoAxe where there is no npm, or no registry."""
    folder = Path(os.environ.get("VAR_DIR", "var")) / "axe"
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"axe-core-{VERSION}.tgz"
    if not archive.exists():
        try:
            subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise NoAxe(f"npm could not fetch {PACKAGE}: {getattr(error, 'stderr', '') or error}") from None
    with tarfile.open(archive) as package:
        script = package.extractfile("package/axe.min.js")
        if script is None:
            raise NoAxe(f"{archive} has no axe.min.js.")
        return script.read().decode()
