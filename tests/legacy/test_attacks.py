"""Clients of the old application's interface, strangers and members, cannot drive what is ours."""

import json
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from notifications.models import Mute, Notification
from optimizer.models import ActionLog, OptimizationEvent
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule, DispatchRun, Integration, RuleState
from smartagent.models import User
from tests.databases import copy_of
from tests.entries import change_entries
from tests.legacy.clients import INTERFACE, client
from tests.legacy.database import Database
from tests.legacy.people import ALICE, BEN, CAROL
from tests.legacy.shapes import SHAPES
from tests.legacy.test_takeover import MIXTURES, built
from tests.smartagent.adoption.conftest import Legacy, Takeover, run

NEW = "aaaaaaaa-0000-0000-0000-00000000000f"
FACTS = {"person": CAROL, "target": "", "metric": "fusion_score", "value": 1, "operator": "<", "threshold": 70}
RULE = "user_id, rule_name, metric_type, condition_operator, threshold_value, action_type, action_config"
CLIENTS = [("anon", None), ("anon", CAROL), ("authenticated", BEN), ("authenticated", CAROL), ("service_role", None)]


@pytest.fixture
def taken_over(transactional_db: None) -> Iterator[None]:
    """A legacy database with the policies of the usual scripts."""

    def fill() -> None:
        run("CREATE SCHEMA auth; CREATE SCHEMA legacy; SET search_path TO legacy")
        database: Database = built(Takeover(Legacy()), MIXTURES["the newer scripts"])
        database.takeover.sql(INTERFACE)
        database.takeover.forwards()

    with copy_of("attacked", fill):
        run("SET search_path TO legacy")
        yield


@pytest.fixture
def rule(taken_over: None) -> AutomationRule:
    """Alice's, which fires, and has fired."""
    AutomationRule.objects.filter(user=ALICE).update(status="active")
    dispatch(timezone.now(), "command")
    return AutomationRule.objects.get(user=ALICE)


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|row-level security"):
        run(statement)


def value(query: str) -> object:
    return run(query)[0][0]


def test_the_rule_of_the_old_application_fires(rule: AutomationRule) -> None:
    entry = ActivityEntry.objects.get(rule=rule, event_type="rule_fired")
    assert (entry.status, entry.error_message) == ("success", None)
    assert Notification.objects.filter(user=ALICE, rule=rule).count() == 1


@pytest.mark.parametrize(("role", "person"), CLIENTS)
def test_what_a_client_writes_into_the_log_is_never_executed(
    rule: AutomationRule, role: str, person: str | None
) -> None:
    state, run_id = RuleState.objects.get(rule=rule), DispatchRun.objects.latest("started_at")
    before = Notification.objects.count()
    with client(role, person):
        run(f"""INSERT INTO agent_activity_log (id, user_id, rule_id, run_id, state_id, agent_name, event_type,
                    action_taken, context, status, executed_at)
                VALUES ('{NEW}', '{CAROL}', '{rule.pk}', '{run_id.pk}', '{state.pk}', 'smart_agent', 'rule_fired',
                        'alert', '{json.dumps(FACTS)}', 'pending', now())""")
    dispatch(timezone.now(), "command")
    entry = ActivityEntry.objects.get(pk=NEW)
    assert (entry.status, entry.run_id, entry.state_id, entry.executed_at) == ("pending", None, None, None)
    assert Notification.objects.count() == before


@pytest.mark.parametrize(("role", "person"), [("authenticated", ALICE), ("service_role", None)])
def test_an_entry_of_ours_stays_as_we_have_written_it(rule: AutomationRule, role: str, person: str | None) -> None:
    entry = ActivityEntry.objects.get(rule=rule, event_type="rule_fired")
    change_entries(ActivityEntry.objects.filter(pk=entry.pk), status="pending", executed_at=None)
    with client(role, person):
        run(f"""UPDATE agent_activity_log SET context = '{json.dumps(FACTS)}', action_taken = 'notify',
                       rule_id = NULL, state_id = NULL, status = 'success' WHERE id = '{entry.pk}'""")
    after = ActivityEntry.objects.get(pk=entry.pk)
    assert (after.status, after.context, after.action_taken) == ("pending", entry.context, "alert")
    assert (after.rule_id, after.state_id, after.run_id) == (rule.pk, entry.state_id, entry.run_id)


def test_they_may_delete_a_rule_that_entries_of_ours_refer_to(rule: AutomationRule) -> None:
    with client("service_role"):
        run(f"DELETE FROM automation_rules WHERE id = '{rule.pk}'")
    assert set(ActivityEntry.objects.exclude(run=None).values_list("rule", flat=True)) == {None}
    assert not RuleState.objects.exists()


@pytest.mark.parametrize(("role", "person"), [("authenticated", ALICE), ("service_role", None)])
def test_columns_of_a_rule_that_are_ours_are_not_theirs_to_write(
    rule: AutomationRule, role: str, person: str | None
) -> None:
    before = AutomationRule.objects.filter(pk=rule.pk).values().get()
    with client(role, person):
        run(f"""UPDATE automation_rules SET applies_to = 'everyone', pending_for = '1 h', keep_firing_for = '1 h',
                       recovery_threshold = 1, no_data_policy = 'fire', error_policy = 'fire', repeat_every = '0',
                       reducer = 'avg', evaluation_window = '1 h', critical_threshold = 99, match = 'any',
                       more_conditions = '[{{"metric": "cpu"}}]', labels = '{{"team": "x"}}', uid = 'theirs',
                       runbook_url = 'javascript:alert(1)', provisioned_by = 'theirs.yaml', deleted_at = now(),
                       deleted_by_id = '{CAROL}', severity = 'critical', written_by = '{CAROL}',
                       description = 'as they like it' WHERE id = '{rule.pk}'""")
    after = AutomationRule.objects.filter(pk=rule.pk).values().get()
    assert {name for name in after if after[name] != before[name]} == {"description", "updated_at"}


def test_a_new_rule_of_theirs_has_our_defaults(taken_over: None) -> None:
    with client("authenticated", BEN):
        run(f"""INSERT INTO automation_rules (id, {RULE}, applies_to, error_policy, provisioned_by, labels)
                VALUES ('{NEW}', '{BEN}', 'Mine', 'fusion_score', '<', 101, 'alert', '{{}}', 'everyone', 'fire', 'x',
                        '{{"a": "b"}}')""")
    found = AutomationRule.objects.get(pk=NEW)
    assert (found.applies_to, found.error_policy, found.provisioned_by) == ("owner", "keep", "")
    assert (found.labels, found.written_by, found.status) == ({}, "", "active")


def test_a_rule_watches_everyone_only_while_its_owner_may(rule: AutomationRule) -> None:
    AutomationRule.objects.filter(pk=rule.pk).update(applies_to="everyone", condition_operator="<", threshold_value=101)
    RuleState.objects.create(
        rule=rule, user_id=CAROL, condition="firing", since=timezone.now(), fired_at=timezone.now()
    )
    done = dispatch(timezone.now(), "command")
    mine = RuleState.objects.get(rule=rule, user=ALICE)
    assert (mine.condition, "Only operators can watch everyone" in mine.reason) == ("error", True)
    assert RuleState.objects.get(rule=rule, user=CAROL).condition == "ok"
    assert not RuleState.objects.filter(rule=rule).exclude(user__in=[ALICE, CAROL]).exists()
    entry = ActivityEntry.objects.get(rule=rule, run=done, event_type="rule_error")
    assert "Only operators can watch everyone" in (entry.error_message or "")
    User.objects.filter(pk=ALICE).update(is_staff=True)
    dispatch(timezone.now(), "command")
    assert RuleState.objects.get(rule=rule, user=ALICE).condition == "firing"


@pytest.mark.parametrize("recipients", ['["carol@old.example"]', '"carol@old.example, group:administrators"'])
def test_a_members_rule_notifies_nobody_else(rule: AutomationRule, recipients: str) -> None:
    with client("authenticated", ALICE):
        run(f"""UPDATE automation_rules SET action_config =
                '{{"recipients": {recipients}, "message": "Pay now", "escalation": "Ops"}}' WHERE id = '{rule.pk}'""")
    AutomationRule.objects.filter(pk=rule.pk).update(repeat_every="0")
    done = dispatch(timezone.now(), "command")
    assert not Notification.objects.filter(user=CAROL).exists()
    entry = ActivityEntry.objects.get(rule=rule, run=done)
    assert "Only rules owned or saved by an operator" in entry.context["outcome"]["problem"]
    assert Notification.objects.filter(user=ALICE, rule=rule).count() == 2, "its owner is notified instead"


@pytest.mark.parametrize(("role", "person"), [("anon", None), ("authenticated", BEN)])
def test_a_rule_that_somebody_else_has_written_does_nothing(taken_over: None, role: str, person: str | None) -> None:
    config = '{"recipients": ["ben@old.example"], "message": "Pay now"}'
    with client(role, person):
        run(f"""INSERT INTO automation_rules (id, {RULE})
                VALUES ('{NEW}', '{CAROL}', 'Forged', 'anomaly_count', '>=', 0, 'alert', '{config}')""")
    dispatch(timezone.now(), "command")
    assert not Notification.objects.filter(rule=NEW).exists()
    assert "written outside Smart Agent" in RuleState.objects.get(rule=NEW).reason
    found = AutomationRule.objects.get(pk=NEW)
    assert found.written_by == (person or "anon")
    found.description = "Carol has looked at it."
    found.save()
    dispatch(timezone.now(), "command")
    assert Notification.objects.filter(rule=NEW).exists()


@pytest.mark.parametrize(("role", "person"), [("authenticated", CAROL), ("service_role", None)])
def test_an_administrator_there_and_its_own_functions_write_rules_for_others(
    taken_over: None, role: str, person: str | None
) -> None:
    with client(role, person):
        run(f"""INSERT INTO automation_rules (id, {RULE})
                VALUES ('{NEW}', '{BEN}', 'For Ben', 'anomaly_count', '>=', 0, 'alert', '{{}}')""")
    dispatch(timezone.now(), "command")
    assert Notification.objects.filter(rule=NEW, user=BEN).exists()


@pytest.mark.parametrize(("role", "person"), CLIENTS)
def test_a_proposal_of_ours_is_not_theirs_to_decide(taken_over: None, role: str, person: str | None) -> None:
    event = OptimizationEvent.objects.create(
        user_id=ALICE, source_event_type="smart_agent_cpu", optimization_action="auto", strategy="general",
        parameter_delta={}, status="proposed",
    )  # fmt: skip
    with client(role, person):
        run(f"""UPDATE fusion_optimization_events SET status = 'approved', strategy = 'mine',
                       approved_by_id = '{CAROL}',
                       recommended_actions = '["x"]', parameter_delta = '{{"a": 1}}', user_id = '{CAROL}',
                       content_hash = 'x', approved_at = now() WHERE id = '{event.pk}'""")
        run(f"""INSERT INTO fusion_optimization_events (id, source_event_type, optimization_action, status, strategy,
                       user_id, approved_by_id) VALUES ('{NEW}', 'drift', 'pre_tune', 'approved', 'general', '{CAROL}',
                       '{CAROL}')""")
    after = OptimizationEvent.objects.get(pk=event.pk)
    assert (after.status, after.strategy, after.approved_by_id, after.user_id) == (
        "proposed",
        "general",
        None,
        event.user.pk,
    )
    assert (after.parameter_delta, after.content_hash) == ({}, "")
    theirs = OptimizationEvent.objects.get(pk=NEW)
    assert (theirs.status, theirs.strategy, theirs.user_id, theirs.approved_by_id) == ("proposed", None, None, None)
    with client(role, person):
        run(f"UPDATE fusion_optimization_events SET applied = true WHERE id IN ('{event.pk}', '{NEW}')")
    assert set(OptimizationEvent.objects.filter(pk__in=[event.pk, NEW]).values_list("status", flat=True)) == {"applied"}


def test_what_refers_to_a_row_that_they_delete_lets_go(taken_over: None) -> None:
    event = OptimizationEvent.objects.create(source_event_type="smart_agent_cpu", optimization_action="auto")
    log = ActionLog.objects.create(event=event, action_type="refresh")
    with client("service_role"):
        run(f"UPDATE fusion_action_log SET event_id = NULL WHERE id = '{log.pk}'")
        assert ActionLog.objects.get(pk=log.pk).event_id == event.pk
        run(f"DELETE FROM fusion_optimization_events WHERE id = '{event.pk}'")
    assert ActionLog.objects.get(pk=log.pk).event_id is None


@pytest.mark.parametrize(("role", "person"), [("authenticated", ALICE), ("service_role", None)])
def test_credentials_that_we_keep_are_not_theirs_to_write(taken_over: None, role: str, person: str | None) -> None:
    mine = Integration.objects.get(user=ALICE)
    Integration.objects.filter(pk=mine.pk).update(credentials_encrypted="sealed")
    with client(role, person):
        run(f"UPDATE integrations SET credentials_encrypted = 'x', status = 'active' WHERE id = '{mine.pk}'")
    after = Integration.objects.get(pk=mine.pk)
    assert (after.credentials_encrypted, after.status) == ("sealed", "active")


def test_what_we_keep_secret_is_sent_nowhere_else(taken_over: None) -> None:
    mine = Integration.objects.get(user=ALICE)
    kept = {"token_url": "https://a.example/token"}
    Integration.objects.filter(pk=mine.pk).update(credentials_encrypted="sealed", config=kept)
    with client("authenticated", ALICE):
        config = json.dumps({"token_url": "https://evil.example", "health_url": "http://x", "a": 1})
        run(f"UPDATE integrations SET config = '{config}' WHERE id = '{mine.pk}'")
    assert Integration.objects.get(pk=mine.pk).config == kept | {"a": 1}
    with client("service_role"):
        run(f"UPDATE integrations SET user_id = '{BEN}' WHERE id = '{mine.pk}'")
    after = Integration.objects.get(pk=mine.pk)
    assert (str(after.user_id), after.credentials_encrypted) == (BEN, None)


def test_a_table_that_we_make_is_nobodys_from_the_beginning(taken_over: None) -> None:
    with connection.schema_editor() as editor:
        editor.execute("DROP TABLE notification_mutes")
        editor.create_model(Mute)
    assert value("SELECT has_table_privilege('authenticated', 'notification_mutes', 'SELECT')") is False


@pytest.mark.parametrize(
    "change", ["role = 'admin'", "is_platform_admin = true", "role = 'platform_admin'", "role = 'operator'"]
)
def test_nobody_makes_themselves_an_administrator(taken_over: None, change: str) -> None:
    with client("authenticated", ALICE):
        run(f"UPDATE profiles SET {change}, full_name = 'Alice A' WHERE id = '{ALICE}'")
    alice = User.objects.get(pk=ALICE)
    assert (alice.is_staff, alice.is_superuser, alice.full_name) == (False, False, "Alice A")
    assert not alice.groups.filter(name__in=["administrators", "operators"]).exists()


def test_what_the_server_of_accounts_says_of_a_role_counts(taken_over: None) -> None:
    run(f"""UPDATE auth.users SET raw_app_meta_data = '{{"role": "admin"}}' WHERE id = '{ALICE}'""")
    assert User.objects.get(pk=ALICE).is_staff


def test_who_may_there_makes_administrators(taken_over: None) -> None:
    with client("authenticated", CAROL):
        run(f"UPDATE profiles SET role = 'admin' WHERE id = '{ALICE}'")
        run(f"UPDATE profiles SET is_platform_admin = true WHERE id = '{BEN}'")
    assert User.objects.get(pk=ALICE).is_staff
    assert not User.objects.get(pk=BEN).is_superuser, "an administrator is no owner"
    with client("service_role"):
        run(f"UPDATE profiles SET is_platform_admin = false WHERE id = '{BEN}'")
        run(f"UPDATE profiles SET is_platform_admin = true WHERE id = '{BEN}'")
    assert User.objects.get(pk=BEN).is_superuser


@pytest.mark.parametrize(("role", "person"), [("anon", None), ("authenticated", BEN)])
def test_a_profile_that_clients_insert_makes_no_administrator(taken_over: None, role: str, person: str | None) -> None:
    run(f"INSERT INTO auth.users (id, email) VALUES ('{NEW}', 'hal@old.example')")
    with client(role, person):
        run(f"INSERT INTO profiles (id, role, is_platform_admin) VALUES ('{NEW}', 'admin', true)")
    hal = User.objects.get(pk=NEW)
    assert (hal.is_staff, hal.is_superuser, hal.is_active) == (False, False, True)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_functions_of_ours_cannot_be_called_or_attached_by_clients(taken_over: None, role: str) -> None:
    named = run("""SELECT p.oid::regprocedure::text, prorettype = 'trigger'::regtype FROM pg_proc p
                    WHERE pronamespace = 'legacy'::regnamespace AND proname LIKE 'smartagent%'""")
    assert len(named) > 10
    for signature, _ in named:
        assert value(f"SELECT has_function_privilege('{role}', '{signature}', 'EXECUTE')") is False, signature
    with client(role):
        run("CREATE TEMP TABLE mine (id uuid, email text, role text)")
        for signature, is_trigger in named:
            if is_trigger:
                refused(f"CREATE TRIGGER t AFTER DELETE ON mine FOR EACH ROW EXECUTE FUNCTION {signature}")


def test_functions_of_ours_look_nowhere_but_where_they_were_made_to(taken_over: None) -> None:
    paths = run("""SELECT DISTINCT proconfig::text, prosecdef FROM pg_proc
                    WHERE pronamespace = 'legacy'::regnamespace AND proname LIKE 'smartagent%'""")
    assert paths == [('{"search_path=pg_catalog, legacy, pg_temp"}', True)]


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_tables_and_schemas_of_their_own_change_nothing(taken_over: None, role: str) -> None:
    with client(role, ALICE):
        run("SET search_path = pg_temp, legacy; SET smartagent.backfill = 'on'")
        run("CREATE TEMP TABLE smartagent_users AS SELECT 1 AS id; GRANT ALL ON smartagent_users TO PUBLIC")
        run(f"""INSERT INTO legacy.automation_rules (id, {RULE}, applies_to)
                VALUES ('{NEW}', '{ALICE}', 'Mine', 'fusion_score', '<', 101, 'alert', '{{}}', 'everyone')""")
        run("RESET smartagent.backfill")
    run("DROP TABLE pg_temp.smartagent_users; SET search_path TO legacy")
    assert AutomationRule.objects.get(pk=NEW).applies_to == "owner"


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_nothing_that_we_have_made_can_be_read_or_written(taken_over: None, role: str) -> None:
    theirs = [
        *SHAPES,
        "profiles",
        "integrations_master",
        "fusion_score_history",
        "fusion_automation_rules",
        "optimization_events",
    ]
    ours = run(f"""SELECT relname FROM pg_class
                    WHERE relnamespace = 'legacy'::regnamespace AND relkind IN ('r', 'v', 'S')
                      AND relname <> ALL('{{{", ".join(theirs)}}}')""")
    known = {"rule_states", "smartagent_users", "deliveries", "channels", "smartagent_sessions"}
    assert known <= {name for (name,) in ours}
    for (name,) in ours:
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            assert value(f"SELECT has_table_privilege('{role}', 'legacy.{name}', '{right}')") is False, (name, right)


def test_a_role_that_was_granted_too_much_is_still_a_client(taken_over: None) -> None:
    run("GRANT ALL ON ALL TABLES IN SCHEMA legacy TO anon, authenticated, service_role")
    with client("authenticated", ALICE):
        run(f"UPDATE automation_rules SET applies_to = 'everyone' WHERE user_id = '{ALICE}'")
        assert value(f"SELECT count(*) FROM automation_rules WHERE user_id = '{ALICE}'") == 1
    assert AutomationRule.objects.get(user=ALICE).applies_to == "owner"


def test_within_a_function_of_theirs_a_client_is_still_a_client(taken_over: None) -> None:
    run("""CREATE FUNCTION theirs() RETURNS void LANGUAGE sql SECURITY DEFINER AS
               $$ UPDATE legacy.automation_rules SET applies_to = 'everyone' $$""")
    with client("authenticated", ALICE):
        run("SELECT theirs()")
    assert set(AutomationRule.objects.values_list("applies_to", flat=True)) == {"owner"}


def test_what_the_newer_interface_writes_goes_on(taken_over: None) -> None:
    with client("service_role"):
        run(f"""INSERT INTO notifications (id, user_id, type, title, message, severity, status, metadata, snoozed_until)
                VALUES ('{NEW}', '{ALICE}', 'alert', 'New', 'm', 'high', 'unread', '{{"metric": "cpu"}}', now())""")
        run("INSERT INTO agent_activity_log (agent_name, event_type, action_taken) VALUES ('a', 'b', 'c')")
    found = Notification.objects.get(pk=NEW)
    assert (found.severity, found.metadata, found.snoozed_until) == ("high", {"metric": "cpu"}, None)
    with client("authenticated", ALICE):
        run(f"UPDATE notifications SET status = 'archived', title = 'Seen' WHERE id = '{NEW}'")
    found.refresh_from_db()
    assert (found.status, found.title, found.archived_at is not None) == ("archived", "Seen", True)
