"""Faults of PostgreSQL and of the disk."""

import time
from collections.abc import Iterator

from smartagent.bench.faults.stage import Fault, Stage

FOLLOWED_SECONDS = 20.0  # in which pages are read from the replica
HOLDS = "what was acknowledged is there, and everything goes on by itself"


def stop(stage: Stage) -> None:
    stage.database.stop()


def start(stage: Stage) -> None:
    """As its service does, where it is not up."""
    if not stage.database.running():
        stage.database.start()


def restart(stage: Stage) -> None:
    stage.database.stop()
    stage.database.start()


def kill(stage: Stage) -> None:
    stage.database.kill()


def cut(stage: Stage) -> None:
    stage.database.cut_connections()


def fill_disk(stage: Stage) -> None:
    stage.disk.fill()


def free_disk(stage: Stage) -> None:
    stage.disk.free()
    start(stage)


def lag(stage: Stage) -> None:
    """Give the installation a replica, from which pages are read, and let it fall behind."""
    stage.replica.start()
    stage.installation.stop()
    stage.installation.environment["DATABASE_REPLICA_URL"] = stage.replica.url
    stage.installation.start()
    time.sleep(FOLLOWED_SECONDS)
    stage.replica.pause()


def follow_again(stage: Stage) -> None:
    stage.replica.resume()


def no_disk_of_its_own(stage: Stage) -> str:
    return "" if stage.disk.mounted else "this account may not mount a file system"


def replica_faults() -> Iterator[Fault]:
    yield Fault(
        name="replication lag", cause="the replica stops to replay what the primary sends, for 45 seconds",
        holds="pages are read from the primary, decisions always were", begin=lag, end=follow_again, seconds=45,
    )  # fmt: skip


def database_faults() -> Iterator[Fault]:
    yield Fault(name="database restarted", cause="a restart of PostgreSQL", holds=HOLDS, begin=restart, seconds=0)
    yield Fault(
        name="connections cut", cause="pg_terminate_backend of each connection", holds=HOLDS, begin=cut, seconds=0
    )
    yield Fault(name="database killed", cause="kill -9 of PostgreSQL", holds=HOLDS, begin=kill, end=start, seconds=5)
    yield Fault(
        name="database stopped", cause="PostgreSQL is stopped for a minute", holds=HOLDS, begin=stop, end=start,
        seconds=60,
    )  # fmt: skip
    yield Fault(
        name="disk full", cause="no byte is free on the disk of PostgreSQL and VAR_DIR", holds=HOLDS, begin=fill_disk,
        end=free_disk, seconds=30, impossible=no_disk_of_its_own,
    )  # fmt: skip
