"""The queue of tasks in Redis, which loses no task of a worker that was killed.

django-q2's own takes a task out of Redis before it is done. Here it is moved to a list of those that are taken, in one
step, and stays there until it is acknowledged. One that is not, RETRY seconds later, waits in the queue again, as in
the queue in the database.
"""

import time
from typing import Any

from django.utils import timezone
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

from smartagent.setup.redis_starts import log_redis_start

WAIT_SECONDS = 1.0  # for a task
LOOK_EVERY = 10.0  # seconds, at what is taken
# What was just taken gets its lease here, at the next look; a task whose lease is over waits first in the queue.
GIVE_BACK = """
local now = tonumber(redis.call('TIME')[1])
local returned = 0
for _, task in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local lease = redis.call('HGET', KEYS[2], task)
  if not lease then
    redis.call('HSET', KEYS[2], task, now + ARGV[1])
  elseif tonumber(lease) < now then
    redis.call('LREM', KEYS[1], 1, task)
    redis.call('HDEL', KEYS[2], task)
    redis.call('LPUSH', KEYS[3], task)
    returned = returned + 1
  end
end
return returned"""


class RedisQueue(Redis):  # type: ignore[misc]
    """Tasks that wait, those that are taken, and until when."""

    looked = float("-inf")

    @property
    def taken_key(self) -> str:
        """The list of tasks that a worker has."""
        return f"{self.list_key}:taken"

    @property
    def leases_key(self) -> str:
        """Until when, in seconds of Redis's clock, by task."""
        return f"{self.list_key}:leases"

    def dequeue(self) -> list[tuple[bytes, bytes]]:
        """Take the next task; wait for one a moment."""
        if time.monotonic() - self.looked > LOOK_EVERY:
            self._look()
            self.looked = time.monotonic()
        task = self.connection.blmove(self.list_key, self.taken_key, WAIT_SECONDS)
        return [(task, task)] if task else []

    def _look(self) -> None:
        """Give back what is overdue; tell of a Redis that was started since the last look of anybody."""
        self.connection.eval(GIVE_BACK, 3, self.taken_key, self.leases_key, self.list_key, Conf.RETRY)
        current = self.connection.info("server")["run_id"].encode()
        if (before := self.connection.getset(f"{self.list_key}:server", current)) != current:
            log_redis_start(timezone.now(), kept=before is not None)

    def acknowledge(self, task_id: Any) -> None:
        """Forget a task that is done."""
        with self.connection.pipeline() as steps:
            steps.lrem(self.taken_key, 1, task_id)
            steps.hdel(self.leases_key, task_id)
            steps.execute()

    def fail(self, task_id: Any) -> None:
        """Forget one that cannot be read."""
        self.acknowledge(task_id)

    def lock_size(self) -> int:
        """How many are taken."""
        return int(self.connection.llen(self.taken_key))
