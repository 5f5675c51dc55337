"""The whole export as CSV, in a process of its own, so that its memory can be told:
`python -m smartagent.bench.export_process NAME`."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from smartagent.bench.bench_process import peak_memory_mb
from smartagent.bench.migration_process import PROJECT

EXPORT_ADDRESS = "/api/activity/export/?format=csv"


@dataclass(frozen=True, slots=True)
class ExportFigures:
    """Rows and seconds of the export, and the peak of the memory of its process."""

    rows: int
    seconds: float
    peak_mb: float


def exporting(database: str, email: str) -> ExportFigures:
    """Export as the person of that e-mail address, and wait until it is done."""
    command = [sys.executable, "-m", "smartagent.bench.export_process", database, email]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)  # noqa: S603 our own module
    return ExportFigures(**json.loads(done.stdout))


def main(database: str, email: str) -> None:
    """Write the figures to standard output."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()
    connection.settings_dict["NAME"] = database
    client = Client()
    client.force_login(get_user_model().objects.get(email=email))
    with override_settings(ALLOWED_HOSTS=["*"]):
        begun, rows = time.perf_counter(), 0
        response: Any = client.get(EXPORT_ADDRESS, secure=settings.HTTPS)
        for part in response.streaming_content:
            rows += part.count(b"\r\n")
        seconds = time.perf_counter() - begun
    peak_mb = peak_memory_mb()
    sys.stdout.write(json.dumps({"rows": rows - 1, "seconds": seconds, "peak_mb": round(peak_mb, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
