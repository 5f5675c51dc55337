"""The broker of the workers' tasks: a table of the database, or Redis where REDIS_URL names one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import checks
from django_q.brokers import get_broker
from django_q.models import OrmQ
from redis.exceptions import RedisError

NO_REDIS = "Redis is not reachable at {place} ({cause}), so no task is queued and no rule is evaluated on schedule."
DROPS = "Redis drops tasks that wait when its memory is full: its maxmemory-policy is {policy}."
KEEPS_NOTHING = "Redis loses tasks that wait when it is restarted, since it does not write each of them to its disk."
KEEP_TASKS = "Set maxmemory-policy noeviction and appendonly yes. What is lost comes again by its schedule."
NAME_REDIS = "Start Redis, or correct REDIS_URL; without REDIS_URL tasks are queued in the database."


def tasks_queued() -> int | None:
    """How many tasks wait for a worker; None where Redis does not answer."""
    if not settings.REDIS_URL:
        return int(OrmQ.objects.count())
    try:
        with _redis() as broker:
            return int(broker.queue_size())
    except RedisError:
        return None


def broker_problem() -> str | None:
    """What is wrong with the broker, in a sentence without secrets; None where nothing is."""
    if not settings.REDIS_URL:
        return None
    try:
        with _redis() as broker:
            broker.ping()
    except RedisError as error:
        place = settings.REDIS_URL.partition("://")[2].rpartition("@")[2].partition("?")[0]
        return NO_REDIS.format(place=place or "its address", cause=type(error).__name__)
    return None


def broker_risk() -> str | None:
    """Why Redis may lose tasks that wait, in a sentence; None where it keeps them, or does not answer."""
    if not settings.REDIS_URL:
        return None
    try:
        with _redis() as broker:
            info = broker.connection.info()
    except RedisError:
        return None
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        return DROPS.format(policy=info.get("maxmemory_policy"))
    return None if info.get("aof_enabled") else KEEPS_NOTHING


@contextmanager
def _redis() -> Iterator[Any]:
    broker = get_broker()
    try:
        yield broker
    finally:
        broker.connection.close()


def oldest_queued() -> datetime | None:
    """Since when the first task in the database's queue has been waiting. Redis does not say it of its own."""
    if settings.REDIS_URL:
        return None
    since: datetime | None = OrmQ.objects.order_by("lock").values_list("lock", flat=True).first()
    return since


def check_broker(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Redis answers; an error for the workers, who cannot begin without it."""
    problem = broker_problem()
    if problem is None:
        return []
    level = checks.Error if sys.argv[1:2] in (["qcluster"], ["check"]) else checks.Warning
    return [level(problem, hint=NAME_REDIS, id="smartagent.E030")]
