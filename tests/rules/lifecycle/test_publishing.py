"""What a draft seemed to do begins anew once it is published, whichever way; rules of a file can be paused."""

import pytest
from django.utils import timezone

from rules.models import AutomationRule, RuleState
from rules.provisioning.apply import apply
from rules.provisioning.document import read_text
from tests.api import Program
from tests.rules.rule_cast import rule_of, state_of

FILE = """\
version: 1
rules:
  - {{uid: it, owner: alice@example.com, name: It, metric: cpu, operator: ">", threshold: 80, action: log, status: {}}}
"""


@pytest.fixture
def draft(alice):
    rule = rule_of(alice, status="draft")
    state_of(rule, timezone.now())
    return rule


@pytest.mark.parametrize(
    "publish",
    [
        lambda client, rule: client.post(f"/rules/{rule.pk}/publish/"),
        lambda client, rule: client.post(f"/rules/{rule.pk}/status/", {"status": "active"}),
        lambda client, rule: Program(rule.user).post(f"rules/{rule.pk}/publish/"),
        lambda client, rule: Program(rule.user).post(f"rules/{rule.pk}/activate/"),
        lambda client, rule: Program(rule.user).patch(f"rules/{rule.pk}/", {"status": "active"}),
    ],
    ids=["page", "status", "rest", "activate", "patch"],
)
def test_a_draft_that_is_published_begins_anew(client_of, draft, publish):
    publish(client_of(draft.user), draft)
    assert AutomationRule.objects.get().status == "active"
    assert not RuleState.objects.exists()


def test_a_change_of_something_else_keeps_where_it_stands(draft):
    Program(draft.user).patch(f"rules/{draft.pk}/", {"severity": "low"})
    assert RuleState.objects.exists()


def test_a_file_that_publishes_a_draft_or_prunes_a_rule_lets_its_states_go(alice):
    now = timezone.now()
    apply(read_text(FILE.format("draft"), "team.yaml"), None, now)
    for text, options in ((FILE.format("active"), {}), ("version: 1\nsource: team.yaml\nrules: []\n", {"prune": True})):
        state_of(AutomationRule.objects.get(), now)
        apply(read_text(text, "team.yaml"), None, now, **options)
        assert not RuleState.objects.exists()
    assert AutomationRule.binned.get().history.first().history_change_reason == "Applied from team.yaml"


def test_at_night_a_rule_of_a_file_is_paused_silenced_and_tried_out_on_its_page(client_of, alice):
    rule = rule_of(alice, uid="it", provisioned_by="team.yaml")
    client = client_of(alice)
    page = client.get(f"/rules/{rule.pk}/").content.decode()
    assert ">Pause<" in page
    assert "/silences/add/" in page
    assert "Test-fire" in page
    assert ">Edit<" not in page
    client.post(f"/rules/{rule.pk}/status/", {"status": "paused"})
    assert AutomationRule.objects.get().status == "paused"
    assert client.post(f"/rules/{rule.pk}/test/", {"post": "yes"}).status_code == 302
