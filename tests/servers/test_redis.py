"""Redis as the queue of the workers, and what is said where it does not answer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from django_q import brokers
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task
from django_q.scheduler import scheduler
from django_q.tasks import async_task

from rules.models import ActivityEntry
from smartagent.doctor.scheduler import check_broker, check_lost_tasks
from smartagent.monitoring.readiness import NotReady, check_worker
from smartagent.setup.redis_queue import RedisQueue
from smartagent.setup.redis_starts import FIRST, KEPT, LOST, REDIS_STARTED
from smartagent.setup.redis_url import with_timeout
from smartagent.setup.schedules import synchronise
from smartagent.setup.task_broker import broker_problem, tasks_queued
from smartagent.setup.task_broker import check_broker as check_at_start
from tests.roles import role
from tests.servers.process import free_port, wait_for

PROJECT = Path(__file__).resolve().parents[2]


class Server:
    """A redis-server of its own, which writes each task to its disk."""

    def __init__(self, program, folder):
        self.program, self.folder, self.port = program, folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.program, "--port", str(self.port), "--save", "", "--appendonly", "yes", "--bind", "127.0.0.1"],
                cwd=self.folder, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        wait_for(lambda: broker_problem() is None, lambda: self.process.poll() is None, self.folder / "log")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def forget(self):
        shutil.rmtree(self.folder / "appendonlydir")


@pytest.fixture
def redis(tmp_path, monkeypatch):
    """A server that is named by REDIS_URL."""
    if not (found := shutil.which("redis-server")):
        pytest.skip("redis-server is not installed; .ci/servers installs Debian's package of that name")
    (tmp_path / "redis").mkdir()
    server = Server(found, tmp_path / "redis")
    monkeypatch.setattr(settings, "REDIS_URL", with_timeout(server.url), raising=False)
    monkeypatch.setattr(Conf, "REDIS", with_timeout(server.url))
    monkeypatch.setattr(Conf, "BROKER_CLASS", f"{RedisQueue.__module__}.{RedisQueue.__name__}")
    monkeypatch.setattr(Conf, "ORM", None)
    server.start()
    yield server
    server.kill()


@pytest.mark.django_db(transaction=True)
def test_no_task_is_lost_with_a_killed_worker_nor_with_a_restart_of_redis(redis, tmp_path):
    Schedule.objects.all().delete()
    queue = brokers.get_broker()
    with role(tmp_path, "qcluster", WORKERS="1", REDIS_URL=redis.url) as cluster:
        async_task("time.sleep", 0, task_name="done")
        cluster.until(lambda: Task.objects.filter(name="done").exists())
        cluster.until(lambda: queue.lock_size() == 0)
        async_task("time.sleep", 4, task_name="killed in the middle")
        cluster.until(lambda: queue.lock_size() == 1)
        cluster.kill()
    async_task("time.sleep", 0, task_name="waits meanwhile")
    redis.kill()
    redis.start()
    taken = queue.connection.lrange(queue.taken_key, 0, -1)  # Redis may have given the other one to the dead, too
    assert taken
    assert queue.connection.llen(queue.list_key) + len(taken) == 2
    queue.connection.hset(queue.leases_key, mapping=dict.fromkeys(taken, 1))  # their leases are over

    with role(tmp_path, "qcluster", WORKERS="1", REDIS_URL=redis.url) as cluster:
        cluster.until(lambda: Task.objects.filter(success=True).count() == 3)
        assert sorted(Task.objects.values_list("name", flat=True)) == [
            "done", "killed in the middle", "waits meanwhile",
        ]  # fmt: skip
        cluster.until(lambda: queue.lock_size() == 0)
        assert queue.connection.hlen(queue.leases_key) == 0
        assert starts() == [FIRST, KEPT]
        assert list(check_lost_tasks(timezone.now())) == []

        redis.kill()
        redis.forget()
        redis.start()
        synchronise()
        Schedule.objects.exclude(func="rules.tasks.count_entries").delete()
        Schedule.objects.update(next_run=timezone.now())
        scheduler(brokers.get_broker())
        cluster.until(lambda: Task.objects.filter(func="rules.tasks.count_entries", success=True).exists())
        assert starts() == [FIRST, KEPT, LOST]
        [finding] = check_lost_tasks(timezone.now())
        assert "without the tasks" in finding.problem
    queue.connection.close()


def starts():
    entries = ActivityEntry.objects.filter(event_type=REDIS_STARTED).order_by("created_at", "id")
    return [entry.context["tasks"] for entry in entries]


@pytest.mark.django_db(transaction=True)
def test_schedules_put_their_tasks_into_redis_and_its_end_is_told(redis):
    synchronise()
    Schedule.objects.update(next_run=timezone.now())
    broker = brokers.get_broker()
    assert isinstance(broker, RedisQueue)
    scheduler(broker)
    assert tasks_queued() == Schedule.objects.count() > 10
    assert OrmQ.objects.count() == 0
    assert list(check_broker()) == check_at_start(None) == []

    broker.connection.config_set("appendonly", "no")
    [risk] = check_broker()
    assert "Redis loses tasks that wait when it is restarted" in risk.problem
    broker.connection.config_set("maxmemory", "1gb")
    broker.connection.config_set("maxmemory-policy", "allkeys-lru")
    [risk] = check_broker()
    assert "its maxmemory-policy is allkeys-lru" in risk.problem

    redis.kill()
    [finding] = check_broker()
    assert "Redis is not reachable at 127.0.0.1:" in finding.problem
    assert "no rule is evaluated" in finding.problem
    assert tasks_queued() is None
    with pytest.raises(NotReady, match="Redis"):
        check_worker(timezone.now())
    Schedule.objects.update(next_run=timezone.now())
    due = list(Schedule.objects.order_by("pk").values_list("next_run", flat=True))
    scheduler(broker)
    broker.connection.close()
    assert list(Schedule.objects.order_by("pk").values_list("next_run", flat=True)) == due  # nothing is lost


def test_workers_do_not_begin_without_redis_and_say_what_to_do(tmp_path):
    url = f"redis://:sekrit@127.0.0.1:{free_port()}/0"
    done = subprocess.run(
        [sys.executable, "manage.py", "qcluster"], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "REDIS_URL": url, "VAR_DIR": str(tmp_path), "DATABASE_URL": ""},
    )  # fmt: skip
    assert done.returncode
    said = done.stdout + done.stderr
    assert "Redis is not reachable at 127.0.0.1:" in said
    assert "correct REDIS_URL" in said
    assert "sekrit" not in said


def test_another_address_is_refused_without_its_password():
    with pytest.raises(ValueError, match="should look like") as error:
        with_timeout("http://:sekrit@redis")
    assert "sekrit" not in str(error.value)
