"""The bench as a process, on an installation of its own: `python -m smartagent.bench.faults.process OPTIONS`.

The environment, which `host` has made, names its database and its folder.
"""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    django.setup()

from django.db import connection
from django.utils import timezone

from smartagent.bench.faults.carried import load_carried
from smartagent.bench.faults.data import make_data
from smartagent.bench.faults.database import Database
from smartagent.bench.faults.disk import Disk
from smartagent.bench.faults.installation import Installation
from smartagent.bench.faults.load import Load, Pages, Samples
from smartagent.bench.faults.names import Names
from smartagent.bench.faults.options import BenchOptions
from smartagent.bench.faults.replica import Replica
from smartagent.bench.faults.run import run_faults
from smartagent.bench.faults.soak.rows import verdict_of
from smartagent.bench.faults.soak.run import run_soak
from smartagent.bench.faults.stage import Stage
from smartagent.bench.receiver import receiving

RECEIVERS = 2  # the second shows what a fault of the first does to others


@contextmanager
def stage_of(options: BenchOptions) -> Iterator[Stage]:
    """An installation under load for the length of the block."""
    folder = Path(options.folder)
    with ExitStack() as stack:
        names = Names(folder / "names")
        receivers = [stack.enter_context(receiving()) for _ in range(RECEIVERS)]
        installation = Installation(_free_port(), names, folder)
        stack.callback(installation.stop)
        installation.start()
        addresses = [receiver.address.replace("127.0.0.1", names.host) for receiver in receivers]
        data = make_data(options.rules, options.rate * options.every, options.people, addresses, timezone.now())
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        load = Load(
            Samples(installation.address, data.token, options.samples), Pages(installation.address, data.sessions),
        )  # fmt: skip
        load.start()
        stack.callback(load.stop)
        database = Database(folder / "postgres")
        replica = Replica(database, folder / "replica")
        stack.callback(replica.stop)
        yield Stage(
            disk=Disk(folder, options.mounted), database=database, replica=replica, installation=installation,
            names=names, receivers=receivers, receiver_pids=[each.pid for each in receivers], data=data, load=load,
        )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def main(options: BenchOptions) -> dict[str, Any]:
    """What the bench found: of a soak, where it has minutes."""
    with stage_of(options) as stage:
        began = time.monotonic()
        found: dict[str, Any]
        if options.minutes:
            rows = run_soak(stage, options.minutes)
            found = {"verdict": verdict_of(rows, options.minutes), "soak": rows}
        else:
            found = {"faults": list(run_faults(stage, options.only, options.every))}
        return {"load": load_carried(stage, options, time.monotonic() - began), **found}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
    sys.stdout.write(json.dumps(main(BenchOptions(**json.loads(sys.argv[1])))))
