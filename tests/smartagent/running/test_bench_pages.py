"""The bench of pages: a log as the recorder writes it, in a copy of the tests' database."""

from unittest.mock import patch

import pytest
from django.db import connection

from rules.models import ActivityEntry, RuleState
from rules.text.activity import named_entries
from smartagent.bench import pages
from tests.databases import temporary_copy

ENTRIES = 3000


@pytest.mark.usefixtures("transactional_db")
def test_every_page_is_measured_over_as_many_entries_as_were_asked_for() -> None:
    few = {name: pages.PAGES[name] for name in ("overview", "status, failed", "export, first byte")}
    with temporary_copy("bench"), patch.object(pages, "PAGES", few), patch.object(pages, "REQUESTS_PER_PAGE", 1):
        figures = pages.bench_pages(ENTRIES).as_dict()
        newest = named_entries(list(ActivityEntry.objects.select_related("rule")[:500]))
        assert ActivityEntry.objects.ours().count() == figures["entries"] == ENTRIES
        assert RuleState.objects.filter(condition="firing").exists()
        connection.close()
    assert figures["export_rows_per_second"] > 0
    assert figures["export_peak_mb"] < 250
    assert [page["name"] for page in figures["pages"]] == ["empty", *few]
    assert all(page["ms"] > 0 and page["ratio"] > 0 for page in figures["pages"])
    assert not any("?" in entry.sentence for entry in newest)  # type: ignore[attr-defined]
