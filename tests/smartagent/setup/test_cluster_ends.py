"""The cluster of workers ends within ten seconds, whichever process gets the signal, and finishes what it can."""

import signal
import socket

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from rules.models import ActivityEntry
from tests.roles import role

pytestmark = pytest.mark.django_db(transaction=True)
BESIDE_WORKERS = 4  # the first process, the sentinel, the result monitor and the task pusher


@pytest.fixture(autouse=True)
def _no_schedules():
    Schedule.objects.all().delete()


def taken():
    return OrmQ.objects.filter(lock__gt=timezone.now()).count()


def test_all_get_the_signal_at_once_in_the_middle_of_tasks(tmp_path):
    with role(tmp_path, "qcluster", WORKERS="2") as cluster:
        async_task("time.sleep", 60, task_name="long")
        async_task("time.sleep", 3, task_name="short")
        cluster.until(lambda: taken() == 2)
        assert cluster.ends_by(signal.SIGTERM, cluster.family()) == 0
        assert list(Task.objects.values_list("name", "success")) == [("short", True)]
        assert OrmQ.objects.count() == 1  # the long one is taken by the next cluster, when its lease is over
        assert "tasks were ended before they were done" in cluster.output()


@pytest.mark.parametrize(("number", "which"), [(signal.SIGINT, slice(None)), (signal.SIGTERM, slice(2, 3))])
def test_an_idle_cluster_ends_by_ctrl_c_and_by_a_signal_to_one_worker(tmp_path, number, which):
    with role(tmp_path, "qcluster", WORKERS="1") as cluster:
        cluster.until(lambda: len(cluster.family()) == BESIDE_WORKERS + 1)
        assert cluster.ends_by(number, cluster.family()[which]) == 0
        assert "killed" not in cluster.output()
    assert recorded() == ["workers_started", "workers_stopped"]


def test_what_is_recorded_of_it_is_read_as_a_sentence(tmp_path, client_of, olga):
    with role(tmp_path, "qcluster", WORKERS="1") as cluster:
        cluster.until(lambda: recorded() == ["workers_started"])
        cluster.kill()
    assert recorded() == ["workers_started"]  # one that is killed says nothing
    host = socket.gethostname()
    assert f"The workers on {host} were started, version 0." in client_of(olga).get("/activity/").content.decode()


def recorded():
    entries = ActivityEntry.objects.filter(event_type__startswith="workers_").order_by("created_at")
    return list(entries.values_list("event_type", flat=True))
