"""The file of a backup: a zip with `database.dump` (custom format of pg_dump), `manifest.json` and, where asked,
`keys.json`. Nothing in it is compressed again, so `unzip` and `pg_restore` can read it as well.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from smartagent.backup.errors import BackupError, NotABackup, explained
from smartagent.backup.manifest import Manifest

DUMP, MANIFEST, KEYS = "database.dump", "manifest.json", "keys.json"
CHUNK = 1024 * 1024
MAX_JSON = 16 * 1024 * 1024  # bytes
BEGINNING = b"PGDMP"  # of a dump in pg_dump's custom format


@dataclass(slots=True)
class Measured:
    """A stream that is counted while it is copied."""

    sha256: str = ""
    size: int = 0

    def copy(self, source: IO[bytes], target: IO[bytes] | None) -> None:
        """Copy all of `source`; without a target it is only counted."""
        digest = hashlib.sha256()
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            self.size += len(chunk)
            if target is not None:
                target.write(chunk)
        self.sha256 = digest.hexdigest()


@contextmanager
def new_file(file: Path) -> Iterator[zipfile.ZipFile]:
    """A zip for its owner alone, which has its name once it is whole, and is gone where it never is."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    with explained(file):
        if file.exists():
            raise BackupError(f"{file} is there already: name another file.")
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "w+b") as stream:
                with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                    yield archive
                stream.flush()
                os.fsync(stream.fileno())
            partial.rename(file)
        finally:
            partial.unlink(missing_ok=True)


def add_dump(archive: zipfile.ZipFile, source: IO[bytes]) -> Measured:
    """Write the dump as it comes."""
    measured = Measured()
    with archive.open(_entry(DUMP), "w", force_zip64=True) as target:
        measured.copy(source, target)
    return measured


def add_json(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    archive.writestr(_entry(name), json.dumps(value, indent=1, sort_keys=True))


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is there, by its file."""

    file: Path
    manifest: Manifest

    @contextmanager
    def dump(self) -> Iterator[IO[bytes]]:
        """The dump as a stream."""
        with _opened(self.file) as archive, archive.open(DUMP) as stream:
            yield stream

    def keys(self) -> dict[str, Any]:
        """The key material in it; BackupError where it has none."""
        if not self.manifest.with_keys:
            raise BackupError(f"{self.file} has no keys: it was made without --with-keys.")
        with _opened(self.file) as archive:
            found = _json(archive, KEYS)
        if not isinstance(found, dict):
            raise _not_a_backup(self.file, "its keys cannot be read")
        return found

    def verify(self) -> None:
        """Read all of it; NotABackup where it is not what was written."""
        measured = Measured()
        with self.dump() as stream:
            if stream.read(len(BEGINNING)) != BEGINNING:
                raise _not_a_backup(self.file, "its dump is not one of pg_dump")
            stream.seek(0)
            measured.copy(stream, None)
        if (measured.sha256, measured.size) != (self.manifest.sha256, self.manifest.bytes):
            raise _not_a_backup(self.file, "its dump is not the one that its manifest names")


def open_backup(file: Path) -> Backup:
    """The backup in `file`, of which only the manifest is read; NotABackup."""
    with _opened(file) as archive:
        try:
            return Backup(file, Manifest.of(_json(archive, MANIFEST)))
        except NotABackup as error:
            raise _not_a_backup(file, str(error)) from error


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    with explained(file):
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise _not_a_backup(file, "it is damaged, truncated or something else") from error


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    with suppress(KeyError, ValueError, RecursionError, RuntimeError):  # an encrypted entry is a RuntimeError
        if archive.getinfo(name).file_size <= MAX_JSON:
            return json.loads(archive.read(name))
    return None


def _not_a_backup(file: Path, why: str) -> NotABackup:
    return NotABackup(f"{file} is not a whole backup of Smart Agent: {why}.")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o600 << 16
    return entry
