"""How many samples the programs of one person may send in a minute: a limit that all processes share.

A process claims a part of the minute's samples in the database and counts what it uses of them by itself, so that
hardly any request needs a query for it.
"""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.db import connection

SECONDS_OF_QUOTA = 60
CLAIMS_PER_MINUTE = 50  # of a process that uses all samples of a minute
MAX_REMEMBERED_CLAIMS = 10_000
CLAIM_SAMPLES = """
INSERT INTO ingest_quotas AS q (user_id, minute, samples) VALUES (%(user)s, %(minute)s, %(samples)s)
    ON CONFLICT (user_id) DO UPDATE
   SET samples = CASE WHEN q.minute < excluded.minute THEN 0 ELSE q.samples END + excluded.samples,
       minute = greatest(q.minute, excluded.minute)
 WHERE CASE WHEN q.minute < excluded.minute THEN 0 ELSE q.samples END + excluded.samples <= %(maximum)s
"""


@dataclass(slots=True)
class Claim:
    """What this process has claimed of a person's samples in a minute and not used yet."""

    minute: datetime
    left: int = 0
    refused: int | None = None  # so many samples the minute had no more


_CLAIMS: dict[tuple[str, UUID], Claim] = {}
_LOCK = Lock()


def seconds_until_quota(user: UUID, samples: int, now: datetime) -> int:
    """Count `samples` that a program of `user` sends at `now`; 0 within the limit, else the seconds until the next
    minute, and nothing is counted."""
    maximum: int = settings.INGEST_SAMPLES_PER_MINUTE
    if maximum <= 0 or not samples:
        return 0
    minute = now.replace(second=0, microsecond=0)
    claim = _claim_of(user, minute)
    if _used(claim, samples) or _claimed(user, claim, samples, maximum):
        return 0
    return SECONDS_OF_QUOTA - now.second


def _claim_of(user: UUID, minute: datetime) -> Claim:
    key = (str(connection.settings_dict["NAME"]), user)
    with _LOCK:
        claim = _CLAIMS.get(key)
        if claim is None or claim.minute < minute:
            if len(_CLAIMS) >= MAX_REMEMBERED_CLAIMS:
                _CLAIMS.clear()
            claim = _CLAIMS[key] = Claim(minute)
        return claim


def _used(claim: Claim, samples: int) -> bool:
    with _LOCK:
        if claim.left < samples:
            return False
        claim.left -= samples
        return True


def _claimed(user: UUID, claim: Claim, samples: int, maximum: int) -> bool:
    """Claim what is needed and a part more, or else just what is needed."""
    if claim.refused is not None and samples >= claim.refused:
        return False
    needed = samples - claim.left
    for more in dict.fromkeys([max(needed, maximum // CLAIMS_PER_MINUTE), needed]):
        if _taken(user, claim.minute, more, maximum):
            with _LOCK:
                claim.left += more - samples
            return True
    claim.refused = samples
    return False


def _taken(user: UUID, minute: datetime, samples: int, maximum: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SAMPLES, {"user": user, "minute": minute, "samples": samples, "maximum": maximum})
        return bool(cursor.rowcount == 1)
