"""The account that runs the embedded server: ours or, since PostgreSQL refuses to run as root, a system user."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from smartagent.postgres.errors import EmbeddedFailed

# An existing system user is preferred to a new one; `nobody` is not, for it belongs to everybody.
SYSTEM_USERS = ("smartagent", "postgres")
INSTEAD = "or set DATABASE_URL to a PostgreSQL 14 or newer"


@dataclass(frozen=True, kw_only=True)
class DatabaseAccount:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, entry: pwd.struct_passwd) -> Self:
        return cls(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

    @property
    def switched(self) -> bool:
        """Whether we are root and become this user to run the server."""
        return os.geteuid() != self.uid

    def run(self, command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
        """Run a program as this user, with nothing of our environment, where PGPORT would mislead it."""
        rights: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(  # noqa: S603 never through a shell
            command, check=False, cwd="/", env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", start_new_session=True, **rights,
        )  # fmt: skip

    def reaches(self, path: Path) -> bool:
        """Tell whether this user can get there; what is executable by it is also readable, as installed."""
        return self.run(["/bin/sh", "-c", '[ -x "$1" ]', "sh", path]).returncode == 0

    def own(self, path: Path) -> None:
        """Give the path, and what is below it, to this user, where it is not so yet."""
        if not self.switched or path.lstat().st_uid == self.uid:
            return
        for each in (path, *path.rglob("*")):
            os.chown(each, self.uid, self.gid, follow_symlinks=False)

    def write(self, path: Path, text: str) -> None:
        """Write a file as this user: root that writes where another user may put links writes anywhere."""
        done = self.run(["/bin/sh", "-c", 'umask 077; printf %s "$2" > "$1"', "sh", path, text])
        if done.returncode:
            raise EmbeddedFailed(f"The embedded PostgreSQL cannot write {path}: {done.stderr.strip()}.")


def account(folder: Path) -> DatabaseAccount:
    """Return who runs the server on `folder`: we; as root, whom the folder belongs to, else a system user."""
    me, owner = os.geteuid(), (folder if folder.exists() else folder.parent).stat().st_uid
    if me != 0:
        if folder.exists() and owner != me:
            raise EmbeddedFailed(f"{folder} belongs to another user: run this as that user, {INSTEAD}.")
        return _known(me) or _unnamed(me)
    return (_known(owner) if owner else None) or _system_user()


def _known(uid: int) -> DatabaseAccount | None:
    try:
        return DatabaseAccount.of(pwd.getpwuid(uid))
    except KeyError:
        return None


def _unnamed(uid: int) -> DatabaseAccount:
    raise EmbeddedFailed(f"User id {uid} has no name in /etc/passwd, which PostgreSQL needs: add one, {INSTEAD}.")


def _system_user() -> DatabaseAccount:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in SYSTEM_USERS:
        if name in known:
            return DatabaseAccount.of(known[name])
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    made = useradd and subprocess.run(  # noqa: S603 a fixed command
        [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent", SYSTEM_USERS[0]],
        check=False,
        capture_output=True,
    )
    if not made or made.returncode:
        raise EmbeddedFailed(
            f"PostgreSQL does not run as root and the system user {SYSTEM_USERS[0]} could not be made: "
            f"make it (useradd --system {SYSTEM_USERS[0]}), run this as another user, {INSTEAD}."
        )
    return DatabaseAccount.of(pwd.getpwnam(SYSTEM_USERS[0]))
