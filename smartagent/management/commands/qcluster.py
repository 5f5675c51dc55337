"""The workers: django-q2's command, with our cluster."""

import gc
import os
import sys
from typing import Any

from django_q.management.commands import qcluster

from smartagent.setup.cluster import Cluster


class Command(qcluster.Command):  # type: ignore[misc]
    help = "Runs the workers and the scheduler, until stopped (Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        if name := options.get("cluster_name"):
            os.environ["Q_CLUSTER_NAME"] = name
        cluster = Cluster()
        cluster.start()
        if options.get("run_once"):
            cluster.stop()
            return
        code = cluster.wait()
        gc.freeze()  # else all that is loaded would be looked through at the end, for most of a second
        if code:
            sys.exit(1 if code < 0 else code)
