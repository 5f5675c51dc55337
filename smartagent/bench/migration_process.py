"""`migrate` as a process, on another database: `python -m smartagent.bench.migration_process DATABASE`."""

import os
import subprocess
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

PROJECT = Path(__file__).resolve().parents[2]


def migrating(name: str, stderr: int | None = None) -> "subprocess.Popen[bytes]":
    """Start `migrate` on database `name`; its output goes to `stderr`, by default that of this process."""
    command = [sys.executable, "-m", "smartagent.bench.migration_process", name]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=stderr)  # noqa: S603 our own module


def main(name: str) -> None:
    """Migrate database `name`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()
    connection.settings_dict["NAME"] = name
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1])
