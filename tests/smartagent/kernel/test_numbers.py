"""Numbers are read alike everywhere, exactly, and bounded before anything is computed."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from rules.models import AutomationRule
from rules.provisioning.yaml_text import load
from smartagent.kernel.coerce import as_json_number, read_number, read_threshold
from smartagent.models import User
from tests.api import Program
from tests.effort import effort

HUGE = [10**18, 2**63, 1_764_237_600_000_000_001, 10**20 - 1, -(10**19), 1e18, 0.0000000001]
ENDLESS = ["1e1000000", "-1e1000000", "1e-1000000", "1e99999999999999999999", "1" * 500, "nan", "inf", "-Infinity",
           "1_000",
           "१२", "", "0x10", "1e", "\ud800", "\x00"]  # fmt: skip
RULE = {"rule_name": "Stale", "metric_type": "last_seen_ns", "condition_operator": "<", "action_type": "log"}


@pytest.mark.parametrize("given", [*HUGE, 70, 99.5, -0.0, 5e-324, 1.7976931348623157e308])
def test_a_number_is_read_exactly(given: float) -> None:
    assert read_number(given) == read_number(repr(given)) == read_number(Decimal(repr(given))) == Decimal(repr(given))
    assert as_json_number(read_number(given)) == given


@pytest.mark.parametrize("text", ENDLESS)
def test_what_is_no_bounded_number_is_refused_at_once(text: str) -> None:
    def read() -> None:
        with pytest.raises(ValueError, match=r"^(Not a (finite )?number|The number)"):
            read_number(text)

    assert effort(read) < 10


@pytest.mark.parametrize("text", ["0e-200000000", "0e200000000", "-0e99999999"])
def test_nothing_with_any_exponent_is_zero(text: str) -> None:
    assert repr(read_number(text)) == repr(read_number(Decimal(text))) == "Decimal('0')"


@pytest.mark.parametrize("given", [10**20, "1e20", "0.00000000001", 1e300, "1.00000000005"])
def test_a_threshold_with_more_digits_than_are_kept_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="20 digits before the decimal point and 10 after"):
        read_threshold(given)


@pytest.mark.parametrize("given", HUGE)
def test_a_threshold_is_kept_to_the_digit_by_rest(alice: User, given: float) -> None:
    more = [{"metric": "cpu", "operator": ">", "threshold": given}]
    made = Program(alice).post("rules/", RULE | {"threshold_value": given, "more_conditions": more}, status=201)
    assert made["threshold_value"] == given
    assert made["more_conditions"][0]["threshold"] == given
    assert Program(alice).get(f"rules/{made['id']}/")["threshold_value"] == given


@pytest.mark.parametrize("given", ["1e1000000", "1e20", "0.00000000001", "-1e400"])
def test_a_threshold_that_cannot_be_kept_is_refused_by_rest(alice: User, given: str) -> None:
    body = '{"rule_name": "a", "metric_type": "cpu", "condition_operator": "<", "action_type": "log",'
    answer = Program(alice).post("rules/", f'{body} "threshold_value": {given}}}', status=400)
    assert "threshold_value" in answer


@pytest.mark.parametrize("given", ["9223372036854775808", "1764237600000000001", "1e18", "0e-200000000"])
def test_a_threshold_is_kept_to_the_digit_by_the_form(client_of: Any, alice: User, given: str) -> None:
    values = RULE | {"threshold_value": given, "status": "active", "severity": "medium", "applies_to": "owner",
                     "no_data_policy": "keep", "repeat_every": "4h"}  # fmt: skip
    client_of(alice).post(reverse("admin:rules_automationrule_add"), values)
    assert AutomationRule.objects.get().threshold_value == Decimal(given)


@pytest.mark.parametrize("given", ENDLESS)
def test_a_threshold_that_is_none_is_refused_by_the_form(client_of: Any, alice: User, given: str) -> None:
    values = RULE | {"threshold_value": given.replace("\ud800", "x")}
    page = client_of(alice).post(reverse("admin:rules_automationrule_add"), values)
    assert page.status_code == 200
    assert "threshold_value" in page.context["adminform"].form.errors


@pytest.mark.parametrize("given", ["1e1000000", "1e-1000000", "0e-200000000", "1e99999999999999999999"])
def test_a_number_in_a_file_of_rules_is_read_or_refused_at_once(alice: User, given: str) -> None:
    rule = f"{{uid: a, name: A, metric: cpu, operator: '<', threshold: {given}, action: log, labels: {{}}}}"
    status = 200 if given.startswith("0") else 400
    body = {"text": f"version: 1\nrules: [{rule}]\n", "source": "numbers"}
    assert effort(lambda: Program(alice).post("rules/plan/", body, status=status)) < 200


def test_a_number_in_yaml_is_exact() -> None:
    read, _ = load("a: 1764237600000000001\nb: 0.1")
    assert read == {"a": Decimal(1_764_237_600_000_000_001), "b": Decimal("0.1")}
