"""Many rules in the browser: edited together after a look at the difference, and brought in as a file."""

import pytest
from playwright.sync_api import expect

from rules.models import AutomationRule
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db(transaction=True)
FILE = """\
version: 1
source: team.yaml
rules:
  - {uid: cpu, name: CPU, metric: cpu, operator: ">", threshold: 90, action: alert}
"""


def test_rules_are_edited_together(alice, sign_in, live_server):
    for name in ("One", "Two"):
        rule_of(alice, rule_name=name)
    page = sign_in(alice, "/rules/")
    for box in page.locator("input.action-select").all():
        box.check()
    page.get_by_label("Select action to run").select_option("edit_together")
    page.get_by_role("button", name="Run").click()
    page.get_by_label("Threshold", exact=True).fill("-50%")
    page.get_by_label("Threshold", exact=True).press("Enter")
    expect(page.get_by_text("2 rules would change.")).to_be_visible()
    expect(page.locator(".sa-change").first).to_have_text("threshold: 70 → 35")
    page.get_by_role("button", name="Change 2 rules").click()
    expect(page.get_by_text("2 rules updated, each as a new version.")).to_be_visible()
    assert set(AutomationRule.objects.values_list("threshold_value", flat=True)) == {35}


def test_a_file_of_rules_is_looked_at_and_applied(alice, sign_in, live_server):
    page = sign_in(alice, "/rules/code/")
    page.get_by_label("Rules file (YAML)").fill(FILE)
    page.get_by_role("button", name="Preview plan").click()
    expect(page.get_by_text("1 to create.")).to_be_visible()
    page.get_by_role("button", name="Apply this plan").click()
    expect(page.get_by_text("Applied team.yaml: 1 created.")).to_be_visible()
    assert AutomationRule.objects.get().provisioned_by == "team.yaml"
