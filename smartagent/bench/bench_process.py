"""A bench in a process of its own, whose memory is that of what is measured alone:
`python -m smartagent.bench.bench_process BENCH DATABASE ARGUMENTS`."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django
from django.db import connection
from django.utils.module_loading import import_string

from smartagent.bench.migration_process import PROJECT


def measured(bench: str, database: str, *arguments: Any) -> Mapping[str, float | None]:
    """The figures of a bench, such as `tick.bench_tick`, in that database."""
    command = [sys.executable, "-m", "smartagent.bench.bench_process", bench, database, json.dumps(arguments)]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 our own module
    figures: Mapping[str, float | None] = json.loads(done.stdout)
    return figures


def main(bench: str, database: str, arguments: str) -> None:
    """Write the figures to standard output."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()
    connection.settings_dict["NAME"] = database
    figures = import_string(f"smartagent.bench.{bench}")(*json.loads(arguments))
    sys.stdout.write(json.dumps(figures.as_dict()))


def peak_memory_mb() -> float:
    """The peak of this process. Linux' ru_maxrss also knows the process that started it, from before the exec."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main(*sys.argv[1:])
