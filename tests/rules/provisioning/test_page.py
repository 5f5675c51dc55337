"""Rules as code in the browser: seen first, then applied exactly so."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile

from rules.models import AutomationRule
from tests.rules.rule_cast import rule_of

CODE = "/rules/code/"
FILE = """\
version: 1
source: team.yaml
rules:
  - {uid: cpu, name: CPU, metric: cpu, operator: ">", threshold: 90, action: alert}
"""


def text_of(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def planned(client, **fields):
    return text_of(client.post(CODE, {"verb": "plan", "text": FILE} | fields))


def fingerprint(page):
    return re.search(r'name="fingerprint" value="(\w+)"', page)[1]


def test_a_file_is_looked_at_then_applied_exactly_so(client_of, alice):
    client = client_of(alice)
    shown = planned(client)
    assert "1 to create." in shown
    assert "+ threshold: 90" in shown
    assert not AutomationRule.objects.exists()
    client.post(CODE, {"verb": "apply", "text": FILE, "fingerprint": fingerprint(shown)})
    assert AutomationRule.objects.get().provisioned_by == "team.yaml"
    assert "No changes." in planned(client)
    assert "threshold: 90 → 80" in planned(client, text=FILE.replace("90", "80"))


def test_without_a_plan_or_with_another_nothing_is_done(client_of, alice):
    for seen in ({}, {"fingerprint": "0" * 16}):
        answer = client_of(alice).post(CODE, {"verb": "apply", "text": FILE} | seen)
        assert "so nothing was applied" in text_of(answer)
    assert not AutomationRule.objects.exists()


def test_an_uploaded_file_counts_and_mistakes_have_their_lines(client_of, alice):
    wrong = SimpleUploadedFile("wrong.yaml", FILE.replace("90", "many").encode())
    shown = text_of(client_of(alice).post(CODE, {"verb": "plan", "file": wrong}))
    assert "The file cannot be applied. Nothing was changed" in shown
    assert "Line 4, rule cpu, threshold" in shown
    too_long = FILE.encode() + b"#" * 8_000_000
    for junk, says in ((b"\xff\x00", "not UTF-8 text"), (b" ", "begins with"), (too_long, "maximum is 8 MB")):
        shown = text_of(client_of(alice).post(CODE, {"verb": "plan", "file": SimpleUploadedFile("x.yaml", junk)}))
        assert "cannot be applied" in shown
        assert says in shown


def test_rules_made_by_hand_are_taken_over_only_where_one_says_so(client_of, alice):
    rule = rule_of(alice, uid="cpu")
    client, shown = client_of(alice), planned(client_of(alice))
    assert "Take over rules" in shown
    body = {"verb": "apply", "text": FILE, "fingerprint": fingerprint(shown)}
    assert "cannot be applied" in text_of(client.post(CODE, body))
    client.post(CODE, body | {"adopt": "on"})
    rule.refresh_from_db()
    assert (rule.rule_name, rule.provisioned_by) == ("CPU", "team.yaml")


def test_pruning_needs_a_name_in_the_file_not_that_of_the_upload(client_of, alice):
    client = client_of(alice)
    client.post(CODE, {"verb": "apply", "text": FILE, "fingerprint": fingerprint(planned(client))})
    upload = SimpleUploadedFile("team.yaml", b"version: 1\nrules: []\n")
    shown = text_of(client.post(CODE, {"verb": "plan", "file": upload, "prune": "on"}))
    assert "cannot be applied" in shown
    assert "add, for example, source:" in shown


def test_a_file_of_prometheus_becomes_ours_with_a_report(client_of, alice):
    text = 'groups: [{name: g, rules: [{alert: A, expr: cpu > 90}, {alert: B, expr: "irate(x[5m]) > 1"}]}]'
    shown = text_of(client_of(alice).post(CODE, {"verb": "prometheus", "text": text}))
    assert "1 of 2 converted." in shown
    assert "B: skipped. irate is not supported" in shown
    assert "uid: g/A" in shown


def test_rules_are_exported_and_released(client_of, alice, bob):
    rule_of(alice, provisioned_by="team.yaml", uid="a")
    client = client_of(alice)
    assert 'source=team.yaml" class="sa-link">team.yaml' in text_of(client.get(CODE))
    exported = client.get("/rules/code/export/?source=team.yaml")
    assert "uid: a" in exported.content.decode()
    assert "uid: a" not in client_of(bob).get("/rules/code/export/").content.decode()
    client_of(bob).post("/rules/code/release/", {"source": "team.yaml"})
    assert AutomationRule.objects.get().provisioned_by == "team.yaml"
    client.post("/rules/code/release/", {"source": "team.yaml"})
    assert AutomationRule.objects.get().provisioned_by == ""


def test_who_may_only_look_exports_and_applies_nothing(client_of, audra):
    client = client_of(audra)
    assert "Preview plan" not in text_of(client.get(CODE))
    assert client.post(CODE, {"verb": "plan", "text": FILE}).status_code == 403
    assert client.post("/rules/code/release/", {"source": "team.yaml"}).status_code == 403
