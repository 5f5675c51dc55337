"""Templates: each makes a rule that can be saved, and opens in the editor with nothing saved."""

import re

import pytest
from django.urls import reverse

from rules.authoring.fields import CHECKED
from rules.authoring.templates import RULE_TEMPLATES, search, template_of
from rules.authoring.validation import validate
from rules.evaluation.preview import preview
from rules.models import AutomationRule
from rules.text.rule import rule_in_words
from tests.api import Program

ADD, GALLERY = "admin:rules_automationrule_add", "admin:rules_automationrule_templates"
PREVIEW = "admin:rules_automationrule_preview"
EVERY = pytest.mark.parametrize("template", RULE_TEMPLATES, ids=lambda template: template.key)
CLASSICS = {("fusion_score", "alert"), ("efficiency_index", "optimize"), ("anomaly_count", "notify"),
            ("integration_health", "optimize")}  # fmt: skip


def test_the_four_classics_and_a_dozen_more_each_by_its_own_key():
    first = {(each.fields["metric_type"], each.fields["action_type"]) for each in RULE_TEMPLATES[:4]}
    assert first == CLASSICS
    assert len(RULE_TEMPLATES) >= 16
    assert (
        len({each.key for each in RULE_TEMPLATES})
        == len({each.title for each in RULE_TEMPLATES})
        == len(RULE_TEMPLATES)
    )


@EVERY
def test_it_makes_a_sound_rule(template, alice, now):
    rule = template.rule(alice)
    assert validate({name: getattr(rule, name) for name in CHECKED}) == {}
    rule.full_clean()
    rule.save()
    assert preview(rule, now).verdict in ("met", "clear", "missing")
    assert rule_in_words(rule).endswith(".")


@EVERY
def test_it_opens_in_the_editor_and_is_saved_as_it_is(template, client_of, alice):
    client, address = client_of(alice), f"{reverse(ADD)}?template={template.key}"
    page = client.get(address)
    assert f"Template “{template.title}”" in page.content.decode()
    assert not AutomationRule.objects.exists()
    form = page.context["adminform"].form
    sent = {"more_conditions-shown": "1", "_draft": "1"}
    for bound in form:
        value = bound.value()
        if bound.name == "more_conditions":
            for number, row in enumerate(value):
                sent |= {f"more_conditions-{number}-{name}": text for name, text in row.items()}
        elif value not in (None, False):
            sent[bound.html_name] = value
    response = client.post(address, sent)
    assert response.status_code == 302, response.context["adminform"].form.errors
    saved = AutomationRule.objects.get()
    assert saved.status == "draft"
    wanted = template.rule(alice)
    for name in template.fields:
        assert getattr(saved, name) == getattr(wanted, name), name


def test_a_description_that_nobody_edited_follows_the_fields(client_of, alice):
    client, address = client_of(alice), f"{reverse(ADD)}?template=score-two-levels"
    form = client.get(address).context["adminform"].form
    sent = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, False)}
    levels = "Fires when the fusion score is below 70, or critical when below 50."
    before = f"Two levels: a low score, and a critical one. {levels}"
    assert sent["description"] == before
    shown = client.post(reverse(PREVIEW), sent | {"threshold_value": "65", "trial_template": "score-two-levels"})
    assert "Fires when the fusion score is below 65, or critical when below 50." in shown.content.decode()
    client.post(address, sent | {"threshold_value": "60", "pending_for": "10m"})
    assert "is below 60 for 2 checks (10 minutes)" in AutomationRule.objects.get().description
    client.post(address, sent | {"threshold_value": "60", "description": f"{before} Ours."})
    assert AutomationRule.objects.filter(description=f"{before} Ours.").exists()


@EVERY
def test_it_can_be_sent_to_the_api_as_it_is_given(template, alice):
    program = Program(alice)
    given = {each["key"]: each for each in program.get("rule-templates/")["results"]}[template.key]
    made = program.post("rules/", given["rule"], status=201)
    assert made | given["rule"] == made
    assert given["in_words"].startswith("When ")


def test_the_gallery_is_searched_also_without_scripts(client_of, alice):
    client = client_of(alice)
    everything = client.get(reverse(GALLERY)).content.decode()
    assert f"{len(RULE_TEMPLATES)} templates" in everything
    found = client.get(reverse(GALLERY), {"q": "heartbeat"}).content.decode()
    assert "Heartbeat missing" in found
    assert "Efficiency dropping" not in found
    nothing = client.get(reverse(GALLERY), {"q": "<b>zebra"}).content.decode()
    assert "No matching templates." in nothing
    assert "<b>zebra" not in nothing


def test_words_are_looked_for_everywhere():
    assert template_of("cpu-sustained") in search("CPU alert")
    assert template_of("heartbeat-missing") in search("without a reading")
    assert search("cpu zebra") == []


def test_an_unknown_template_is_not_there(client_of, alice):
    assert client_of(alice).get(f"{reverse(ADD)}?template=zebra").status_code == 404


def test_who_cannot_make_rules_gets_no_gallery(client_of, audra):
    assert client_of(audra).get(reverse(GALLERY)).status_code == 403
    assert Program(audra).get("rule-templates/?search=score")["results"]


def test_the_list_of_rules_leads_to_the_gallery(client_of, alice):
    client = client_of(alice)
    page = client.get(reverse("admin:rules_automationrule_changelist")).content.decode()
    assert "Create from template" in page
    link = re.search(r'href="([^"]*from-template[^"]*)"', page)
    assert client.get(link[1]).headers["Location"] == reverse(GALLERY)
