"""Times on pages: one filter, in the person's zone, exact on hovering."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from smartagent.templatetags.shown import seconds, when, when_text

TEMPLATES = Path(settings.BASE_DIR) / "templates"


def test_no_template_has_a_date_format_of_its_own():
    own = re.compile(r"\|(date|time|timesince|timeuntil)\b(?!-)")
    assert [path.name for path in TEMPLATES.rglob("*.html") if own.search(path.read_text())] == []


def test_a_time_is_in_the_persons_zone_and_exact_on_hovering():
    with timezone.override("Europe/Berlin"):
        shown = when(datetime(2020, 3, 2, 9, 0, 7, tzinfo=UTC))
    assert ">2 Mar 2020, 10:00</time>" in shown
    assert 'datetime="2020-03-02T10:00:07+01:00" title="2020-03-02T10:00:07+01:00"' in shown


def test_today_has_the_hour_only():
    noon = timezone.localtime().replace(hour=12, minute=0)
    assert when_text(noon) == "today 12:00"
    assert not when_text(noon - timedelta(days=3)).startswith("today")


@pytest.mark.parametrize(("moment", "text"), [(None, "never"), (datetime.max.replace(tzinfo=UTC), "9999-12-31")])
def test_no_time_and_one_out_of_range(moment, text):
    with timezone.override("Asia/Tokyo"):
        assert when(moment) == text


@pytest.mark.parametrize(("count", "shown"), [(0.25, "0.2 s"), (59, "59.0 s"), (90, "1m 30s"), (18_787.61, "5h 13m")])
def test_seconds_are_a_duration_from_a_minute_on(count, shown):
    assert seconds(count).replace("\u00a0", " ") == shown
