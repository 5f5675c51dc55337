"""What is in the way of a takeover is named before anything is changed: with the statement that mends it."""

import json
import os
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DispatchRun
from smartagent.models import User
from smartagent.postgres import hidden_rows
from smartagent.postgres.hidden_rows import RowsHidden
from tests.api import Program
from tests.legacy.test_rehearsal import check
from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A
from tests.smartagent.adoption.test_people import ACCOUNTS, ALICE, PROFILES
from tests.smartagent.doctor.conftest import doctor

# Roles are of the whole server, where other tests run at the same time.
MIGRATOR, OTHER = f"migrator_{os.getpid()}", f"other_{os.getpid()}"
OWNED = f"""
CREATE ROLE {MIGRATOR} NOLOGIN; CREATE ROLE {OTHER} NOLOGIN;
ALTER SCHEMA legacy OWNER TO {MIGRATOR}; ALTER TABLE notifications OWNER TO {MIGRATOR};
ALTER TABLE profiles OWNER TO {MIGRATOR}; INSERT INTO profiles (id, role) VALUES ('{ALICE}', 'admin');
GRANT USAGE ON SCHEMA auth TO {MIGRATOR};
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON auth.users TO {MIGRATOR};
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY; ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON profiles USING (id IN (SELECT id FROM profiles));
"""
ASKED = "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';"


@pytest.fixture
def database(takeover: Takeover) -> Iterator[Takeover]:
    """A database of the old application, whose tables belong to the account that is to migrate."""
    takeover.sql(f"{ACCOUNTS} {ASKED} {PROFILES} {NOTIFICATIONS_A} {OWNED}")
    hidden_rows.forget()
    try:
        yield takeover
    finally:
        hidden_rows.forget()
        takeover.sql(f"""RESET ROLE; REASSIGN OWNED BY {MIGRATOR}, {OTHER} TO CURRENT_USER;
                         DROP OWNED BY {MIGRATOR}, {OTHER}; DROP ROLE {MIGRATOR}, {OTHER}""")


def refused(database: Takeover) -> str:
    """What check says, after which migrate refused with the same and changed nothing."""
    before = database.dump()
    database.sql(f"SET ROLE {MIGRATOR}")
    code, text = check()
    assert code == 1, text
    with pytest.raises(CommandError) as caught:
        database.forwards()
    assert caught.value.returncode == 2
    problems = [line for line in text.splitlines() if line.startswith("PROBLEM: ")]
    assert problems
    assert [line for line in str(caught.value).splitlines() if line.startswith("PROBLEM: ")] == problems
    assert doctor(format="json")[0] == 1
    database.sql("RESET ROLE")
    assert database.dump() == before
    return "\n".join(problems)


def mended(database: Takeover, statement: str) -> None:
    """After the statement, migrate comes to its end."""
    database.sql(f"RESET ROLE; {statement}; SET ROLE {MIGRATOR}")
    database.forwards()
    assert User.objects.get(pk=ALICE).is_staff


@pytest.mark.parametrize(
    ("harm", "message", "mend"),
    [
        ("ALTER TABLE notifications FORCE ROW LEVEL SECURITY",
         f"notifications: Row-level security hides rows from the account {MIGRATOR}. "
         "ALTER TABLE notifications NO FORCE ROW LEVEL SECURITY",
         "ALTER TABLE notifications NO FORCE ROW LEVEL SECURITY"),
        ("ALTER TABLE profiles FORCE ROW LEVEL SECURITY",
         "ALTER TABLE profiles NO FORCE ROW LEVEL SECURITY",
         "ALTER TABLE profiles NO FORCE ROW LEVEL SECURITY"),
        ("ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY",
         f"auth.users: Row-level security hides rows from the account {MIGRATOR}. ALTER ROLE {MIGRATOR} BYPASSRLS",
         f"ALTER ROLE {MIGRATOR} BYPASSRLS"),
        (f"ALTER TABLE notifications OWNER TO {OTHER}; ALTER ROLE {MIGRATOR} BYPASSRLS;"
         f"GRANT ALL ON notifications TO {MIGRATOR}",
         f"notifications: It belongs to {OTHER}, and the account {MIGRATOR} may not change it. "
         f"GRANT {OTHER} TO {MIGRATOR}, or ALTER TABLE notifications OWNER TO {MIGRATOR}",
         f"GRANT {OTHER} TO {MIGRATOR}"),
        (f"REVOKE TRIGGER ON auth.users FROM {MIGRATOR}",
         f"auth.users: The account {MIGRATOR} has no right to TRIGGER. GRANT TRIGGER ON auth.users TO {MIGRATOR}",
         f"GRANT TRIGGER ON auth.users TO {MIGRATOR}"),
        (f"REVOKE USAGE ON SCHEMA auth FROM {MIGRATOR}",
         f"GRANT USAGE ON SCHEMA auth TO {MIGRATOR}",
         f"GRANT USAGE ON SCHEMA auth TO {MIGRATOR}"),
        (f"ALTER SCHEMA legacy OWNER TO {OTHER}; GRANT USAGE ON SCHEMA legacy TO {MIGRATOR}",
         f"GRANT CREATE ON SCHEMA legacy TO {MIGRATOR}",
         f"GRANT CREATE ON SCHEMA legacy TO {MIGRATOR}"),
        ("ALTER TABLE notifications ADD severity text GENERATED ALWAYS AS ('low') STORED",
         "ALTER TABLE notifications ALTER COLUMN severity DROP EXPRESSION",
         "ALTER TABLE notifications ALTER COLUMN severity DROP EXPRESSION"),
        ("CREATE VIEW rule_states AS SELECT 1 AS id",
         "ALTER VIEW rule_states RENAME TO rule_states_before",
         "ALTER VIEW rule_states RENAME TO rule_states_before"),
        (f"CREATE TABLE auth_group (id integer); ALTER TABLE auth_group OWNER TO {MIGRATOR}",
         "auth_group: exists, but was not created by a migration. ",
         "ALTER TABLE auth_group RENAME TO auth_group_before"),
        (f"""CREATE TABLE automation_rules (id bigint GENERATED ALWAYS AS IDENTITY);
             ALTER TABLE automation_rules OWNER TO {MIGRATOR}""",
         "automation_rules: Its column id is bigint; we need uuid. "
         "ALTER TABLE automation_rules RENAME TO automation_rules_before",
         "ALTER TABLE automation_rules RENAME TO automation_rules_before"),
        (f"""CREATE TABLE integrations (id uuid, at date) PARTITION BY RANGE (at);
             ALTER TABLE integrations OWNER TO {MIGRATOR}""",
         "integrations: It is partitioned", "ALTER TABLE integrations RENAME TO integrations_before"),
    ],
    ids=[
        "forced on a table", "forced on profiles", "enabled on accounts", "another owner", "no trigger", "no schema",
        "no tables", "computed column", "view", "table of our name", "key of numbers", "partitioned",
    ],
)  # fmt: skip
def test_each_obstacle_is_named_with_what_mends_it(database: Takeover, harm: str, message: str, mend: str) -> None:
    database.sql(harm)
    assert message in refused(database)
    mended(database, mend)


def test_a_policy_that_asks_its_own_table_is_no_traceback(database: Takeover) -> None:
    database.sql("ALTER TABLE profiles FORCE ROW LEVEL SECURITY; ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY")
    text = refused(database)
    assert text.count("PROBLEM: ") == 2
    database.sql(f"SET ROLE {MIGRATOR}")
    out = json.loads(check(format="json")[1])
    assert out["problems"] == [line.removeprefix("PROBLEM: ") for line in text.splitlines()]


def test_rows_that_are_hidden_at_run_time_are_said_everywhere(database: Takeover) -> None:
    database.sql(f"SET ROLE {MIGRATOR}")
    database.forwards()
    ada = User.objects.create_superuser("ada@example.com", "x")
    member = User.objects.create_user("bob@example.com", "x")
    AutomationRule.objects.create(
        user=ada, rule_name="r", metric_type="m", condition_operator=">", threshold_value=1, action_type="log"
    )
    clients = [Client(), Client()]
    for client, person in zip(clients, (ada, member), strict=True):
        client.force_login(person)
    database.sql("ALTER TABLE automation_rules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    hidden_rows.forget()
    mend = "ALTER TABLE automation_rules NO FORCE ROW LEVEL SECURITY"

    with pytest.raises(RowsHidden, match="so nothing is evaluated"):
        dispatch(timezone.now(), "command")
    run = DispatchRun.objects.get()
    assert (run.outcome, mend in run.error_message) == ("failed", True)
    page = clients[0].get("/").content.decode()
    assert f'<code class="sa-code">{mend}</code>' in page
    assert "Smart Agent cannot read its rows" in clients[1].get("/").content.decode()
    assert "Smart Agent cannot read its rows" in Client().get("/login/").content.decode()
    assert mend in clients[0].get("/schema/").content.decode()
    program = Program(ada)
    assert mend in program.post("dispatch/", {}, status=503)["detail"][0]
    assert mend in json.dumps(program.get("doctor/"))
    code, text = doctor()
    assert (code, mend in text, "All checks passed" in text) == (1, True, False)

    database.sql(mend)
    hidden_rows.forget()
    assert dispatch(timezone.now(), "command").rules_evaluated == 1


def test_an_account_of_the_web_that_is_not_the_one_that_migrated_sees_nothing_and_says_so(database: Takeover) -> None:
    database.sql(f"SET ROLE {MIGRATOR}")
    database.forwards()
    database.sql(f"""RESET ROLE; GRANT USAGE ON SCHEMA legacy, auth TO {OTHER};
        GRANT ALL ON ALL TABLES IN SCHEMA legacy, auth TO {OTHER}; ALTER TABLE dispatch_runs ENABLE ROW LEVEL SECURITY;
        SET ROLE {OTHER}""")
    hidden_rows.forget()
    with pytest.raises(RowsHidden, match=f"ALTER ROLE {OTHER} BYPASSRLS"):
        dispatch(timezone.now(), "command")
    code, found = doctor(format="json")
    assert code == 1
    assert {each["fix"] for each in found["findings"] if each["severity"] == "error"} == {
        f"ALTER ROLE {OTHER} BYPASSRLS"
    }
    with pytest.raises(CommandError, match="BYPASSRLS"):
        call_command("migrate", verbosity=0)
    code, text = doctor(fix=True)
    assert (code, "Could not be repaired:" in text, "Repaired:" in text) == (1, True, False)
