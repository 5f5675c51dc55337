"""Pages of long lists: counted up to a cap, never beyond it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from rules.models import DispatchRun, MetricSample
from smartagent.shell import list_pagination
from smartagent.shell.list_pagination import CappedPaginator

SECOND = timedelta(seconds=1)
RUNS = "admin:rules_dispatchrun_changelist"


@pytest.fixture
def samples(db, now, monkeypatch):
    monkeypatch.setattr(list_pagination, "CAP", 100)
    MetricSample.objects.push_all({"metric": "cpu", "value": n, "observed_at": now - n * SECOND} for n in range(250))
    return MetricSample.objects.order_by("value")


def test_a_short_list_is_counted(samples):
    pages = CappedPaginator(samples.filter(value__lt=70), 50)
    assert (pages.count, pages.num_pages, pages.count_in_words, pages.is_capped) == (70, 2, "70", False)


def test_a_long_list_is_counted_up_to_the_cap(samples):
    pages = CappedPaginator(samples.filter(value__gte=0), 50)
    assert (pages.count, pages.num_pages, pages.count_in_words, pages.is_capped) == (100, 2, "100+", True)


def test_statistics_say_how_long_a_whole_table_is(samples):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE metric_samples")
    assert CappedPaginator(samples, 50).count_in_words == "about 250"


def test_no_query_counts_beyond_the_cap(samples, django_assert_num_queries):
    with django_assert_num_queries(2) as queries:
        list(CappedPaginator(samples.filter(value__gte=0), 50).page(2))
    assert "LIMIT 101" in queries.captured_queries[0]["sql"]


@pytest.mark.parametrize(("requested", "given"), [(0, 1), (-3, 1), ("x", 1), (None, 1), (2, 2), (99, 2), (10**30, 2)])
def test_a_page_that_is_not_there_is_the_nearest_one(samples, requested, given):
    assert CappedPaginator(samples, 50).page(requested).number == given


def test_a_plain_list(samples):
    assert CappedPaginator(list("abc"), 2).count_in_words == "3"


def test_the_last_page_leads_past_itself_until_everything_was_seen(client_of, alice, now, monkeypatch):
    monkeypatch.setattr(list_pagination, "CAP", 100)
    DispatchRun.objects.bulk_create(
        DispatchRun(trigger="schedule", evaluated_at=now, started_at=now, outcome="completed") for _ in range(230)
    )
    client, address, seen = client_of(alice), reverse(RUNS), []
    while address:
        first = client.get(address).context["cl"]
        last = client.get(f"{address}{'&' if '?' in address else '?'}p={first.paginator.num_pages}").context["cl"]
        middle = [] if last.paginator.num_pages == 1 else list(last.result_list)
        seen += [run.pk for run in [*first.result_list, *middle]]
        address = reverse(RUNS) + last.older if last.older else None
    assert len(seen) == len(set(seen)) == 230


def test_what_is_no_place_is_said(client_of, alice):
    for place in ("x", "2026-03-02~x", "2026-03-02~00000000-0000-0000-0000-000000000000"):
        assert (
            "is not a valid page of this list" in client_of(alice).get(reverse(RUNS), {"past": place}).content.decode()
        )
