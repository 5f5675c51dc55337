"""The histogram of very many entries is estimated from a sample first, and then counted."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.db import connection

from rules.models import ActivityEntry
from rules.pages.activity import change_list
from rules.search import sample
from tests.entries import change_entries

pytestmark = pytest.mark.django_db
ENTRIES = 3000
FILL = """
INSERT INTO agent_activity_log (id, user_id, event_type, agent_name, action_taken, context, status, created_at)
SELECT {key}, %s, 'rule_fired', 'smart_agent', 'none', '{{"metric": "cpu"}}', 'success', now() - n * interval '1 minute'
  FROM generate_series(1, %s) n
"""
RANDOM = "md5(n::text)::uuid"  # as gen_random_uuid(), and the same each time
IN_TURN = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"


@pytest.fixture(autouse=True)
def few_are_many() -> Iterator[None]:
    with patch.object(sample, "SAMPLE_ENTRIES", 1000), patch.object(change_list, "MAX_COUNTED_EXACTLY", 500):
        yield


def fill(owner, key):
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(key=key), [owner.pk, ENTRIES])
        cursor.execute("ANALYZE agent_activity_log")


def chart_at(client, page, search="metric:cpu"):
    return client.get(f"/activity/{page}/?search={search}&within=30d" + ("&exact=1" if page == "histogram" else ""))


def test_an_estimate_comes_first_and_asks_for_the_count(client_of, ada):
    fill(ada, RANDOM)
    estimate = chart_at(client_of(ada), "summary")
    chart = estimate.context["chart"]
    assert "Estimated from 1 in 3 entries" in estimate.content.decode()
    assert abs(chart.total - ENTRIES) < ENTRIES / 10
    assert "/activity/histogram/?" in estimate.content.decode()
    counted = chart_at(client_of(ada), "histogram")
    assert counted.context["chart"].total == ENTRIES
    assert "Estimated" not in counted.content.decode()
    assert "exact" not in counted.content.decode()  # its bars lead to lists


def test_entries_whose_ids_are_not_random_are_counted(client_of, ada):
    fill(ada, IN_TURN)
    assert chart_at(client_of(ada), "summary").context["chart"].total == ENTRIES


def test_words_in_texts_are_found_in_the_sample_too(client_of, ada):
    fill(ada, RANDOM)
    change_entries(ActivityEntry.objects, context={}, error_message="cpu was not readable")
    chart = chart_at(client_of(ada), "summary", "readable").context["chart"]
    assert abs(chart.total - ENTRIES) < ENTRIES / 10
