"""Limits of what programs send: samples of a minute, and series."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from rest_framework import exceptions, status

from rules.ingest.intake import Reason
from rules.ingest.known_series import SeriesKey
from rules.ingest.sample_quota import seconds_until_quota
from smartagent.rest.errors import TooLarge


class LimitReached(exceptions.APIException):
    """Samples of a request are beyond a limit, so none is stored."""

    reason: Reason

    def __init__(self, detail: str, samples: int) -> None:
        super().__init__(detail)
        self.samples = samples


class TooManyPerMinute(LimitReached):
    """The programs of a person have sent as many samples as may be in a minute."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "throttled"
    reason = Reason.RATE

    def __init__(self, samples: int, wait: int) -> None:
        maximum: int = settings.INGEST_SAMPLES_PER_MINUTE
        super().__init__(f"At most {maximum:,} samples per person and minute. Try again in {wait} seconds.", samples)
        self.wait = wait


class NoRoomForSeries(LimitReached):
    """Samples of new series, of which a person has as many as may be."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "too_many_series"
    reason = Reason.SERIES

    def __init__(self, samples: int, beyond: Collection[SeriesKey]) -> None:
        super().__init__(f"Nothing was written: {series_limit_in_words(beyond)}.", samples)


def refuse_beyond_quota(user: UUID, samples: int, now: datetime) -> None:
    """Count the samples of a request; TooManyPerMinute, or TooLarge where they are more than those of any minute."""
    maximum: int = settings.INGEST_SAMPLES_PER_MINUTE
    if 0 < maximum < samples:
        raise TooLarge(f"The request has {samples:,} samples; the maximum is {maximum:,} per minute. Send fewer.")
    if wait := seconds_until_quota(user, samples, now):
        raise TooManyPerMinute(samples, wait)


def series_limit_in_words(beyond: Collection[SeriesKey]) -> str:
    """The limit, and one of the series beyond it."""
    _, metric, key = min(beyond, key=lambda series: series[1:])
    return f"{metric}{key}"[:200] + f" would be a new series, beyond the maximum of {settings.MAX_SERIES_PER_PERSON:,}"
