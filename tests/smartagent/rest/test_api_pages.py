"""Pages by keyset: nothing twice, nothing left out, whatever the order."""

import base64
import json
from datetime import timedelta
from itertools import pairwise

import pytest

from rules.models import ActivityEntry, AutomationRule
from tests.api import Program


def rules_of(user, now):
    """Seven rules: names and times are shared by some, and two never triggered."""
    for index, (name, minutes) in enumerate(
        [("a", 1), ("a", None), ("b", 1), ("b", 2), ("c", None), ("c", 3), ("d", 2)]
    ):
        AutomationRule.objects.create(
            user=user, rule_name=name, metric_type="cpu", condition_operator=">", threshold_value=index,
            action_type="log", trigger_count=index % 3,
            last_triggered_at=None if minutes is None else now + timedelta(minutes=minutes),
        )  # fmt: skip


@pytest.mark.parametrize("order", [
    "rule_name", "-rule_name", "last_triggered_at", "-last_triggered_at", "trigger_count", "-trigger_count",
    "created_at", "-created_at",
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 3])
def test_forth_and_back_again(alice, now, order, size):
    rules_of(alice, now)
    program = Program(alice)
    whole = [rule["id"] for rule in program.get(f"rules/?ordering={order}")["results"]]
    tie = "-id" if order.startswith("-") else "id"
    assert whole == [str(pk) for pk in AutomationRule.objects.order_by(order, tie).values_list("pk", flat=True)]
    pages = [program.get(f"rules/?ordering={order}&page_size={size}")]
    while pages[-1]["next"]:
        pages.append(program.get(pages[-1]["next"]))
    assert [rule["id"] for page in pages for rule in page["results"]] == whole
    assert pages[0]["previous"] is None
    for page, after in pairwise(pages):
        back = program.get(after["previous"])
        assert back["results"] == page["results"]
        assert program.get(back["next"])["results"] == after["results"]
        assert (back["previous"] is None) == (page is pages[0])


def test_many_of_the_same_time(alice, now):
    ActivityEntry.objects.bulk_create(
        ActivityEntry(user=alice, event_type="rule_fired", created_at=now) for _ in range(1500)
    )
    program, seen = Program(alice), set()
    address = "activity/?page_size=500"
    while address:
        page = program.get(address)
        seen |= {entry["id"] for entry in page["results"]}
        address = page["next"]
    assert len(seen) == 1500


def test_what_comes_meanwhile_moves_nothing(alice, now):
    rules_of(alice, now)
    program = Program(alice)
    first = program.get("rules/?page_size=3")
    AutomationRule.objects.create(
        user=alice, rule_name="0", metric_type="cpu", condition_operator=">", threshold_value=1, action_type="log"
    )
    second = program.get(first["next"])
    assert not {rule["id"] for rule in first["results"]} & {rule["id"] for rule in second["results"]}
    assert second["results"][0]["rule_name"] == "b"


def cursor(**fields):
    values = {"order": "rule_name", "value": "a", "id": "0" * 32, "backwards": False} | fields
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(("query", "field", "message"), [
    ("page_size=0", "page_size", "Enter a whole number from 1 to 500."),
    ("page_size=501", "page_size", "Enter a whole number from 1 to 500."),
    ("page_size=ten", "page_size", "Enter a whole number"),
    ("page_size=٣", "page_size", "Enter a whole number"),
    ("page_size=3&page_size=4", "page_size", "Give this parameter once."),
    ("cursor=nonsense", "cursor", "Invalid cursor."),
    (f"cursor={cursor(id=7)}", "cursor", "Invalid cursor."),
    (f"cursor={cursor(id='x')}", "cursor", "Invalid cursor."),
    (f"cursor={cursor(value=chr(0))}", "cursor", "Invalid cursor."),
    (f"cursor={cursor(order='-rule_name')}", "cursor", "This cursor belongs to another ordering."),
    (f"ordering=created_at&cursor={cursor(order='created_at', value='today')}", "cursor", "Invalid cursor."),
    (f"ordering=created_at&cursor={cursor(order='created_at', value='2026-01-01')}", "cursor", "Invalid cursor."),
    (f"ordering=trigger_count&cursor={cursor(order='trigger_count', value='9' * 5000)}", "cursor", "Invalid cursor"),
])  # fmt: skip
def test_a_page_that_cannot_be_asked_for(alice, query, field, message):
    error = Program(alice).get(f"rules/?{query}", status=400)
    assert list(error) == [field]
    assert message in error[field][0]
