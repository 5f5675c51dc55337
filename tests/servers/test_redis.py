"""Redis as the queue of the workers, and what is said where it does not answer."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from django_q import brokers
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from smartagent.doctor.scheduler import check_broker
from smartagent.monitoring.readiness import NotReady, check_worker
from smartagent.setup.redis_url import with_timeout
from smartagent.setup.schedules import synchronise
from smartagent.setup.task_broker import broker_problem, tasks_queued
from smartagent.setup.task_broker import check_broker as check_at_start
from tests.servers.process import free_port, wait_for

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def redis(tmp_path, monkeypatch):
    """A redis-server of its own, named by REDIS_URL; give its process."""
    if not (found := shutil.which("redis-server")):
        pytest.skip("redis-server is not installed; .ci/servers installs Debian's package of that name")
    port = free_port()
    url = with_timeout(f"redis://127.0.0.1:{port}/0")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([found, "--port", str(port), "--save", "", "--bind", "127.0.0.1"], cwd=tmp_path,
                                   stdout=log, stderr=subprocess.STDOUT)  # fmt: skip
        monkeypatch.setattr(settings, "REDIS_URL", url, raising=False)
        monkeypatch.setattr(Conf, "REDIS", url)
        monkeypatch.setattr(Conf, "ORM", None)
        try:
            wait_for(lambda: broker_problem() is None, lambda: process.poll() is None, tmp_path / "log")
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.mark.django_db(transaction=True)
def test_schedules_put_their_tasks_into_redis_and_its_end_is_told(redis):
    synchronise()
    Schedule.objects.update(next_run=timezone.now())
    broker = brokers.get_broker()
    assert isinstance(broker, Redis)
    scheduler(broker)
    assert tasks_queued() == Schedule.objects.count() > 10
    assert OrmQ.objects.count() == 0
    assert list(check_broker()) == check_at_start(None) == []

    redis.send_signal(signal.SIGKILL)
    redis.wait()
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
