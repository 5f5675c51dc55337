"""What a fault can get hold of, and what a fault is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartagent.bench.faults.data import LoadData
from smartagent.bench.faults.database import Database
from smartagent.bench.faults.disk import Disk
from smartagent.bench.faults.installation import Installation
from smartagent.bench.faults.load import Load
from smartagent.bench.faults.names import Names
from smartagent.bench.faults.replica import Replica
from smartagent.bench.receiver import Receiver


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An installation under load, and what it stands on."""

    disk: Disk
    database: Database
    installation: Installation
    names: Names
    receivers: Sequence[Receiver]
    receiver_pids: Sequence[int]
    data: LoadData
    load: Load
    replica: Replica


Step = Callable[[Stage], None]


def nothing(stage: Stage) -> None:
    """The cause ends by itself."""


def always_possible(stage: Stage) -> str:
    """Why it cannot be done here: no reason."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`begin` brings it about, and after `seconds` it is ended by `end`; `holds` says what must be so all the time.

    `impossible` says why it cannot be brought about here, empty where it can. `dates_back`: entries of the activity log
    get times of the past, which its verification must name. `harmless` says why nothing may be seen of it afterwards.
    """

    name: str
    cause: str
    holds: str
    begin: Step
    end: Step = nothing
    seconds: float = 2.0
    impossible: Callable[[Stage], str] = always_possible
    dates_back: bool = False
    harmless: str = ""
