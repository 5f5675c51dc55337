"""What a client of the old application sets for its session changes nothing that we believe."""

import pytest

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.models import AuditEvent, AutomationRule
from tests.legacy.clients import client
from tests.legacy.people import ALICE
from tests.legacy.test_attacks import NEW, RULE, taken_over
from tests.smartagent.adoption.conftest import run

__all__ = ["taken_over"]
CLIENTS = [("anon", ALICE), ("authenticated", ALICE), ("service_role", None)]
BACKFILL = "SELECT set_config('smartagent.backfill', 'on', false)"


@pytest.fixture(params=CLIENTS, ids=lambda each: str(each[0]))
def pretending(request: pytest.FixtureRequest, taken_over: None) -> tuple[str, str | None]:
    """A client who says that our migration is filling rows in."""
    role: tuple[str, str | None] = request.param
    return role


def as_client(who: tuple[str, str | None], statement: str) -> None:
    with client(*who):
        run(BACKFILL)
        run(statement)
    run("RESET smartagent.backfill")


def test_the_status_of_a_notification_follows_whether_it_was_read(pretending: tuple[str, str | None]) -> None:
    run(f"INSERT INTO notifications (id, user_id, type, title, message) VALUES ('{NEW}', '{ALICE}', 'info', 't', 'm')")
    as_client(pretending, f"UPDATE notifications SET title = 'Seen', status = 'read' WHERE id = '{NEW}'")
    found = Notification.objects.get(pk=NEW)
    assert (found.status, found.title, found.read_at is not None) == ("read", "Seen", True)


def test_the_status_of_an_optimization_follows_whether_it_was_applied(pretending: tuple[str, str | None]) -> None:
    event = OptimizationEvent.objects.create(source_event_type="drift", optimization_action="pre_tune")
    as_client(pretending, f"UPDATE fusion_optimization_events SET applied = true WHERE id = '{event.pk}'")
    assert OptimizationEvent.objects.get(pk=event.pk).status == "applied"


def test_the_severity_of_a_rule_follows_its_options(pretending: tuple[str, str | None]) -> None:
    run(f"""INSERT INTO automation_rules (id, {RULE})
            VALUES ('{NEW}', '{ALICE}', 'Mine', 'cpu', '>', 1, 'alert', '{{}}')""")
    as_client(
        pretending,
        f"""UPDATE automation_rules SET description = 'mine', action_config = '{{"severity": "critical"}}'
             WHERE id = '{NEW}'""",
    )
    rule = AutomationRule.objects.get(pk=NEW)
    assert (rule.severity, rule.description) == ("critical", "mine")


def test_the_severity_of_an_audit_event_follows_what_it_holds(taken_over: None) -> None:
    run(f"INSERT INTO fusion_audit_log (id, event_type, status) VALUES ('{NEW}', 'email_failed', 'success')")
    as_client(("service_role", None), f"UPDATE fusion_audit_log SET status = 'failed' WHERE id = '{NEW}'")
    assert AuditEvent.objects.get(pk=NEW).severity == "error"
