"""Only addresses of the web are links, whoever stored them."""

from datetime import datetime
from typing import Any

import pytest

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, MetricSample, RuleState
from rules.pages.links import page_of
from smartagent.kernel.links import own_path, web_address
from smartagent.models import User
from tests.rules.rule_cast import rule_of

NO_LINKS = [
    "javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)", " https://a.example/", "data:text/html,x",
    "//a.example/", "/rules/", "vbscript:x", "https://", "http://[::1", "file:///etc/passwd", "https://a\u202eb.example/",
    "", None, 7,
]  # fmt: skip


@pytest.mark.parametrize("text", NO_LINKS)
def test_what_is_no_address_of_the_web_is_no_link(text: Any) -> None:
    assert web_address(text) == ""


@pytest.mark.parametrize("text", ["https://a.example/x?y=1#z", "http://a.example:8080", "https://ä.example/"])
def test_an_address_of_the_web_is_a_link(text: str) -> None:
    assert web_address(text) == text


@pytest.mark.parametrize(
    "text", ["//evil.example/", "@evil.example/", "javascript:alert(1)", ".evil.example", "/\\evil"]
)
def test_a_path_stays_on_this_site(text: str) -> None:
    assert own_path(text) == ""
    assert own_path("/rules/?a=b") == "/rules/?a=b"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>"])
def test_a_runbook_that_another_program_stored_is_no_link(
    client_of: Any, alice: User, now: datetime, address: str
) -> None:
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    AutomationRule.objects.filter(pk=rule.pk).update(runbook_url=address)
    MetricSample.objects.push(user=alice, metric="cpu", value=97, observed_at=now)
    dispatch(now, "command")
    state = RuleState.objects.get()
    for path in (page_of(rule), f"/alerts/{state.pk}/change/", f"/instances/{state.pk}/"):
        page = client_of(alice).get(path)
        assert f'href="{address[:10]}' not in page.content.decode()
    assert "Runbook:" in client_of(alice).get(page_of(rule)).content.decode()
