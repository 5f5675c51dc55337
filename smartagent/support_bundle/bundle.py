"""The bundle: a zip of text files, each made by itself, so that a part that fails says why and the others are there."""

import json
import platform
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from smartagent.doctor.examination import examine
from smartagent.kernel.personal_data import without_personal
from smartagent.support_bundle.database_state import database_state, plans
from smartagent.support_bundle.settings_shown import settings_shown

LOG_BYTES = 5_000_000  # of the end of a log
CONTENTS = """What Smart Agent says of itself, to find an error.

doctor.json    what `manage.py doctor` finds
versions.json  Smart Agent, Python, the system, and the packages
settings.json  settings: numbers and switches; of texts only how long they are
database.json  versions, tables, migrations, the last runs, failures, schedules, connections
plans.txt      the plans of frequent statements
log.txt        the end of the log, where one was named

E-mail addresses, tokens, passwords and the paths of addresses are masked. It has the IDs of rules, runs and people, and
the causes of failures in the words of other systems: read it before you pass it on.
"""


def write_bundle(path: Path, log: Path | None) -> list[str]:
    """Write the bundle to `path`, which must not exist; return the names of what is in it. OSError where it cannot."""
    parts: dict[str, Callable[[], Any]] = {
        "doctor.json": lambda: examine(connection, timezone.now()).as_dict(), "versions.json": _versions,
        "settings.json": settings_shown, "database.json": database_state, "plans.txt": plans,
    }  # fmt: skip
    if log is not None:
        end = _end_of(log)  # raises before anything is written
        parts["log.txt"] = lambda: end
    with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("README.txt", CONTENTS)
        for name, make in parts.items():
            bundle.writestr(name, _text_of(make))
    return ["README.txt", *parts]


def _text_of(make: Callable[[], Any]) -> str:
    try:
        found = make()
    except Exception as error:  # the bundle is made because something is broken
        return f"not known: {without_personal(f'{type(error).__name__}: {error}')}\n"
    if isinstance(found, str):
        return str(without_personal(found))
    plain = json.loads(json.dumps(found, default=str))
    return json.dumps(without_personal(plain), indent=1, ensure_ascii=False)


def _versions() -> dict[str, Any]:
    packages = {each.metadata["Name"]: each.version for each in distributions()}
    return {
        "smartagent": settings.SPECTACULAR_SETTINGS["VERSION"], "python": sys.version, "system": platform.platform(),
        "packages": dict(sorted(packages.items(), key=lambda pair: pair[0].lower())),
    }  # fmt: skip


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - LOG_BYTES))
        return file.read().decode(errors="replace")
