"""The activity log cannot be changed, and whoever passes the triggers is found by the chain."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from rules.audit.anchors import newest_anchor
from rules.audit.keys import key_id
from rules.audit.sealing import importing, seal, waiting_entries
from rules.audit.verification import Verifier
from rules.models import ActivityEntry, AuditBatch, AuditLink, DispatchRun
from rules.models.audit import entries_may_change
from smartagent.retention.deletion import delete_old
from tests.rules.rule_cast import entry_of, rule_of, run_at

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def log(alice, now):
    """Three days of entries, each sealed on its day; the chain, in the order of the links."""
    rule, run = rule_of(alice), run_at(now)
    entry_of(rule, now - 30 * DAY)
    seal(now - 3 * DAY)
    for day in (2, 1, 0):
        for minute in range(4):
            entry_of(rule, now - day * DAY + timedelta(minutes=minute), run=run)
        seal(now - day * DAY + timedelta(minutes=5))
    return rule


@pytest.fixture
def behind_its_back():
    """A statement that no trigger sees, as whoever owns the server can send it."""

    def execute(statement, *params):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement, params)
            cursor.execute("SET LOCAL session_replication_role = origin")

    return execute


def verified(*anchors):
    return Verifier(anchors).run()


def refused(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


def test_the_log_is_append_only_for_its_owner_too(alice, now):
    rule = rule_of(alice)
    entry = entry_of(rule, now, run=run_at(now), status="pending", executed_at=None)
    refused("UPDATE agent_activity_log SET created_at = now()")
    ActivityEntry.objects.update(status="success", executed_at=now, context=entry.context | {"outcome": {"alerted": 1}})
    for change in ("status = 'pending'", "context = '{}'", "error_message = 'x'", "user_id = gen_random_uuid()"):
        refused(f"UPDATE agent_activity_log SET {change}")
    refused("DELETE FROM agent_activity_log")
    refused("TRUNCATE agent_activity_log CASCADE")
    seal(now)
    refused("DELETE FROM audit_links")
    refused("UPDATE audit_links SET signature = ''")
    rule.delete()
    DispatchRun.objects.all().delete()
    assert verified().ok, "what an entry refers to can be deleted"
    with entries_may_change("test"):
        ActivityEntry.objects.all().delete()
    refused("DELETE FROM agent_activity_log")


def test_a_whole_chain_is_found_whole_and_pending_entries_wait(log, now):
    found = verified()
    assert (found.as_dict()["findings"], found.entries, found.waiting) == ([], 13, 0)
    assert set(AuditLink.objects.values_list("kind", flat=True)) == {"seal", "import"}
    pending = entry_of(log, now, run=run_at(now), status="pending", executed_at=None)
    seal(now)
    assert (waiting_entries(), verified().ok) == (1, True)
    ActivityEntry.objects.filter(pk=pending.pk).update(status="failed", executed_at=now, error_message="no")
    assert (seal(now), seal(now), waiting_entries()) == (1, 0, 0)
    assert verified().entries == 14
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL bytea_output = 'escape'")
    assert verified().ok, "settings of a connection change no digest"


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("UPDATE agent_activity_log SET context = context || '{\"value\": 1}' WHERE id = %s", "changed", "was changed"),
        ("UPDATE agent_activity_log SET user_id = gen_random_uuid() WHERE id = %s", "changed", "2026-03-01 10:01"),
        ("DELETE FROM agent_activity_log WHERE id = %s", "missing", "An entry of 2026-03-01 10:01:00 UTC was deleted."),
        ("""INSERT INTO agent_activity_log (agent_name, event_type, action_taken, created_at)
            SELECT 'smart_agent', 'rule_fired', 'none', created_at FROM agent_activity_log WHERE id = %s""",
         "inserted", "triggers off"),
        ("UPDATE audit_batches SET digests[1] = '\\x00' WHERE %s = ANY (entries)", "link", "were changed"),
        ("DELETE FROM audit_batches WHERE %s = ANY (entries)", "link", "are missing"),
        ("DELETE FROM audit_links WHERE number = 3 AND %s IS NOT NULL", "link", "The links 3 to 3 are missing"),
        ("UPDATE audit_links SET facts = facts || '{\"entries\": 3}' WHERE number = 4 AND %s IS NOT NULL", "link",
         "wrong signature"),
    ],
)  # fmt: skip
def test_each_way_to_break_the_chain_is_found_and_named(log, behind_its_back, now, statement, kind, words):
    entry = ActivityEntry.objects.get(created_at=now - DAY + timedelta(minutes=1))
    behind_its_back(statement, entry.pk)
    found = verified()
    first = found.findings[0]
    assert (found.ok, first.kind) == (False, kind)
    assert words in first.problem
    if kind in ("changed", "missing"):
        assert (first.entry, found.count) == (str(entry.pk), 1)


def test_the_end_a_whole_day_and_an_entry_that_appears_later_are_named(log, behind_its_back, now):
    with transaction.atomic():
        behind_its_back("DELETE FROM agent_activity_log WHERE created_at >= %s", now)
        found = verified()
        assert (found.findings[0].problem, found.count) == ("All 4 entries of 2026-03-02 (UTC) were deleted.", 5)
        transaction.set_rollback(True)
    entry = entry_of(log, now - DAY, executed_at=None)
    assert verified().ok, "it waits"
    seal(now + timedelta(minutes=9))
    first = verified().findings[0]
    assert (first.kind, first.entry) == ("inserted", str(entry.pk))
    assert first.problem.startswith(
        "1 entry dated 2026-03-01 10:00:00 UTC or later appeared only at 2026-03-02 10:09 UTC"
    )


def test_a_rewritten_chain_is_found_by_its_key_and_with_the_key_by_an_anchor(log, behind_its_back, now, settings):
    anchor, key = newest_anchor(), settings.AUDIT_KEY
    rewrite = ("DELETE FROM audit_batches", "DELETE FROM audit_links", "UPDATE agent_activity_log SET context = '{}'")
    for statement in rewrite:
        behind_its_back(statement)
    settings.AUDIT_KEY = "guessed" * 9
    for minute in range(9):
        seal(now + timedelta(minutes=minute))
        entry_of(log, now)
    settings.AUDIT_KEY = key
    assert verified().findings[0].problem == f"Link 1 was signed with another key ({key_id('guessed' * 9)})."
    settings.AUDIT_KEY = "guessed" * 9
    assert verified().ok
    [finding] = verified(anchor).findings
    assert (finding.kind, "the chain was rewritten" in finding.problem) == ("anchor", True)
    settings.AUDIT_KEY, settings.AUDIT_KEY_FALLBACKS = key, ["guessed" * 9]
    assert verified().ok, "a key that was in use before"


def test_an_end_that_is_cut_off_with_its_links_is_found_by_an_anchor(log, behind_its_back, now):
    anchor = newest_anchor()
    last = AuditBatch.objects.order_by("-number").first()
    behind_its_back("DELETE FROM agent_activity_log WHERE id = ANY (%s)", last.entries)
    behind_its_back("DELETE FROM audit_batches WHERE number = %s", last.number)
    behind_its_back("DELETE FROM audit_links WHERE number = %s", last.number)
    assert verified().ok, "nothing in the database shows it"
    assert "the chain ends at" in verified(anchor).findings[0].problem


def test_retention_deletes_and_says_so_and_what_is_deleted_beside_it_is_found(log, behind_its_back, now, settings):
    settings.ACTIVITY_KEEP_DAYS = 1
    assert delete_old(now).startswith("activity entries (5)")
    refused("DELETE FROM agent_activity_log")
    found = verified()
    assert (found.ok, found.entries, found.forgotten) == (True, 8, 5)
    assert AuditBatch.objects.count() == 2, "the digests go with their entries, the links stay"
    entry_of(log, now)
    assert delete_old(now).startswith("activity entries (0)")
    behind_its_back("DELETE FROM agent_activity_log WHERE created_at = %s", now - DAY + timedelta(minutes=3))
    behind_its_back("""INSERT INTO audit_links (number, kind, sealed_at, facts, key_id, signature)
        SELECT number + 1, 'retention', now(), '{"before": 9999999999999999}', key_id, repeat('0', 64)
          FROM audit_links ORDER BY number DESC LIMIT 1""")
    kinds = [each.kind for each in verified().findings]
    assert kinds == ["missing", "link"], "whoever has no key cannot state a retention"


def test_entries_that_waited_while_no_worker_ran_are_not_late(log, behind_its_back, now):
    entry_of(log, now - 5 * HOUR)
    behind_its_back("UPDATE audit_unsealed SET written_at = %s", now - 5 * HOUR)
    call_command("dispatch", "--at", f"{now - 9 * DAY:%Y-%m-%dT%H:%M}", stdout=StringIO())
    assert seal(now) == 0
    assert verified().as_dict()["findings"] == []


def test_imported_entries_may_be_old(log, now):
    with importing(now):
        entry_of(log, now - 300 * DAY)
    assert (verified().ok, AuditLink.objects.first().kind) == (True, "import")


def test_the_command(log, behind_its_back, tmp_path, settings):
    def run(*words):
        output = StringIO()
        call_command("audit", *words, stdout=output)
        return output.getvalue().strip()

    assert run("verify").splitlines()[-1] == "No problems found."
    file = tmp_path / "anchors"
    file.write_text(run("anchor"))
    result = json.loads(run("verify", "--format", "json", "--anchor", str(file)))
    assert (result["ok"], result["entries"], result["findings"]) == (True, 13, [])
    file.write_text("[]")
    with pytest.raises(CommandError, match="is no anchor") as wrong:
        run("verify", "--anchor", str(file))
    assert wrong.value.returncode == 2
    behind_its_back("DELETE FROM agent_activity_log WHERE created_at < '2026-03-01'")
    with pytest.raises(SystemExit) as broken:
        run("verify")
    assert broken.value.code == 1
    assert settings.AUDIT_KEY not in json.dumps(list(AuditLink.objects.values()), default=str)


def test_many_entries_that_wait_make_no_verification_slow(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO agent_activity_log (agent_name, event_type, action_taken, status)
            SELECT 'x', 'x', 'none', 'success' FROM generate_series(1, 6000)""")
        seal(timezone.now())
        with entries_may_change("test"):
            cursor.execute("DELETE FROM agent_activity_log")
        cursor.execute("ANALYZE agent_activity_log, audit_unsealed")  # whose pages are empty
        cursor.execute("""
            DO $$BEGIN FOR i IN 1..8000 LOOP
                INSERT INTO agent_activity_log (agent_name, event_type, action_taken, status)
                VALUES ('x', 'x', 'none', 'success');
            END LOOP; END$$""")  # each by itself
        cursor.execute("SET statement_timeout = '5s'; SET enable_hashjoin = off; SET enable_mergejoin = off")
        try:
            assert Verifier().run().waiting == 8000
        finally:
            cursor.execute("RESET statement_timeout; RESET enable_hashjoin; RESET enable_mergejoin")
