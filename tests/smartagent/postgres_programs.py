"""Tiny Django programs, each a process of its own with nothing but the database backend."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PREAMBLE = """
import os, sys, threading, time
from pathlib import Path
import django
from django.conf import settings
from smartagent.postgres.config import database
url, var = sys.argv[1:]
# No fsync: these servers are thrown away. Everything else is as it is for people.
settings.configure(
    DATABASES={"default": database(url or None, Path(var), {"fsync": "off"})}, USE_TZ=True, VAR=Path(var)
)
django.setup()
from django.db import connection

def one(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]

def do(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)

def error_of(call):
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def tell(*words):
    print(*words, flush=True)
"""


def start(var: Path, body: str, url: str = "") -> "subprocess.Popen[str]":
    """Start a program that may outlive the call."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PREAMBLE + body, url, str(var)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip


def output_of(program: "subprocess.Popen[str]") -> list[str]:
    """Return the lines that a program wrote, once it has ended."""
    written, _ = program.communicate(timeout=60)
    return written.splitlines()


def run(var: Path, body: str, url: str = "") -> list[str]:
    """Run a program and return the lines it wrote."""
    return output_of(start(var, body, url))


def eventually(true: Callable[[], bool], seconds: float = 15) -> bool:
    """Wait until it is so."""
    until = time.monotonic() + seconds
    while not (so := true()) and time.monotonic() < until:
        time.sleep(0.02)
    return so
