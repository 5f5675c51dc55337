"""The counts of the log are those of its entries, whatever happens to them."""

from collections import Counter
from datetime import UTC, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from rules.models import ActivityEntry, EntryCount
from rules.models.audit import entries_may_change
from rules.models.entry_counts import COUNTABLE, ENTRY_KIND
from rules.search.entry_counts import counted_log
from rules.search.histogram import histogram
from smartagent.dashboard.overview_period import OverviewPeriod
from smartagent.dashboard.trend import trend_of
from tests.entries import change_entries, delete_entries
from tests.rules.rule_cast import entry_of, rule_of, run_at


def directly():
    return _sums(f"SELECT {ENTRY_KIND}, count(*) FROM agent_activity_log WHERE {COUNTABLE} GROUP BY 1, 2, 3, 4")


def by_counts():
    return _sums("""SELECT slot, event_type, status, ours, sum(entries) FROM activity_entry_counts
                     GROUP BY 1, 2, 3, 4 HAVING sum(entries) <> 0""")


def _sums(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {tuple(kind): int(count) for *kind, count in cursor.fetchall()}


def as_another_program(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_counts_follow_whatever_is_written(alice, now):
    rule, run = rule_of(alice), run_at(now)
    entries = [entry_of(rule, now - timedelta(minutes=7 * each)) for each in range(9)]
    entry_of(rule, now, run=run, status="pending")
    as_another_program("""
        INSERT INTO agent_activity_log (event_type, action_taken, agent_name, created_at)
        VALUES ('old', 'none', 'old', 'infinity'), ('old', 'none', 'old', '0200-01-01'),
               ('old', 'none', 'old', now())""")
    assert by_counts() == directly()
    assert sum(by_counts().values()) == 11
    with transaction.atomic():
        entry_of(rule, now)
        transaction.set_rollback(True)
    ActivityEntry.objects.filter(status="pending").update(status="success", executed_at=now)
    first = ActivityEntry.objects.filter(pk=entries[0].pk)
    change_entries(first, created_at=now - timedelta(days=3), event_type="rule_error")
    change_entries(ActivityEntry.objects.filter(pk=entries[1].pk), error_message="no count changes")
    delete_entries(ActivityEntry.objects.filter(pk__in=[each.pk for each in entries[5:]]))
    run.delete()
    assert by_counts() == directly()
    rows = EntryCount.objects.count()
    EntryCount.objects.merge()
    assert by_counts() == directly()
    assert len(directly()) == EntryCount.objects.count() < rows
    EntryCount.objects.filter(event_type="rule_fired").delete()
    EntryCount.objects.recount()
    assert by_counts() == directly()
    with entries_may_change("test"):
        as_another_program("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE agent_activity_log CASCADE")
    assert (by_counts(), EntryCount.objects.is_kept()) == ({}, True)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_histogram_and_trend_are_the_same_by_counts_and_by_entries(alice, now, zone):
    rule = rule_of(alice)
    for each in range(120):
        event = ("rule_fired", "rule_repeated", "rule_resolved", "rule_error")[each % 4]
        status, executed = ("failed", now) if each % 5 == 0 else ("success", None if each % 3 else now)
        entry_of(rule, now - timedelta(minutes=37 * each), event_type=event, status=status, executed_at=executed)
    entries = ActivityEntry.objects.all()
    with timezone.override(zone):
        for days in (1, 2, 30):
            start = now - timedelta(days=days)
            inside = entries.since(start)
            assert histogram(inside, start, now, is_whole_log=True) == histogram(inside, start, now)
        assert histogram(entries, None, now, is_whole_log=True) == histogram(entries, None, now)
        for name in ("24h", "7d"):
            period = OverviewPeriod(name, now)
            assert trend_of(entries, period, now, is_whole_log=True) == trend_of(entries, period, now)


def test_the_ends_of_a_period_are_counted_exactly_and_without_triggers_nothing_is(alice, now):
    rule, hour = rule_of(alice), timedelta(hours=1)
    now = now.astimezone(UTC).replace(minute=7, second=0, microsecond=0)
    start = now - 5 * hour
    for at in (start - timedelta(microseconds=1), start, now, now + timedelta(microseconds=1)):
        entry_of(rule, at)
    found = counted_log(start, now, hour, now.replace(minute=0))
    assert Counter({each.bin.hour: each.entries for each in found}) == {start.hour: 1, now.hour: 1}
    assert counted_log(start, now, timedelta(minutes=1), now.replace(minute=0)) is None
    as_another_program("SET CONSTRAINTS ALL IMMEDIATE")
    as_another_program("ALTER TABLE agent_activity_log DISABLE TRIGGER zz_smartagent_entry_counts_delete")
    assert counted_log(start, now, hour, now.replace(minute=0)) is None
