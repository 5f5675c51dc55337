"""The workers: django-q2's command, with our cluster."""

from typing import Any

from django_q.management.commands import qcluster

from smartagent.setup.cluster import Cluster


class Command(qcluster.Command):  # type: ignore[misc]
    help = "Runs the workers and the scheduler, until stopped (Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        qcluster.Cluster = Cluster
        super().handle(*args, **options)
