"""The policy and the scoreboard, by REST."""

import pytest

from optimizer.models import OptimizerPolicy
from rules.models import ActivityEntry
from tests.api import Program
from tests.optimizer.pages.test_scoreboard_page import came_to

POLICY = "optimizer/policy/"
WINDOW = [{"days": [5, 6], "from": "22:00", "until": "06:00"}]


def test_it_is_read_with_what_each_strategy_is_trusted_with(olga, audra):
    for reader in (olga, audra):
        found = Program(reader).get(POLICY)
        assert (found["stopped"], found["automatic_per_day"], found["window_is_open"]) == (False, 3, True)
        assert {"strategy": "general", "trusted": False,
                "why_not": "General has 0 approved successes; 3 are required."} in found["strategies"]  # fmt: skip


def test_one_request_stops_everything(ada):
    assert Program(ada).patch(POLICY, {"stopped": True})["stopped"] is True
    assert ActivityEntry.objects.get().event_type == "optimizer_stopped"


def test_all_of_it_is_set(ada):
    program = Program(ada)
    whole = {
        "stopped": False, "automatic_per_day": 1, "trusted_after": 9, "trusted_rate": 0.5, "needs_another": True,
        "undo_worse": True, "on_failure": "keep", "window": WINDOW, "window_zone": "Europe/Berlin",
    }  # fmt: skip
    found = program.put(POLICY, whole)
    assert {name: found[name] for name in whole} == whole
    assert program.put(POLICY, {"stopped": False}, status=400)["window"] == ["This field is required."]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"trusted_rate": 10**400}, "trusted_rate"), ({"automatic_per_day": 10**400}, "automatic_per_day"),
        ({"trusted_rate": 1.5}, "trusted_rate"), ({"automatic_per_day": "3"}, "automatic_per_day"),
        ({"window": [{"days": []}]}, "window"), ({"window_zone": "Mars"}, "window_zone"),
        ({"on_failure": "cry"}, "on_failure"), ({"stopped": "yes"}, "stopped"), ({"id": 2}, "id"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_field(ada, given, field):
    assert list(Program(ada).patch(POLICY, given, status=400)) == [field]
    assert not OptimizerPolicy.objects.exists()


def test_only_administrators_change_it(alice, olga, audra):
    Program(alice).get(POLICY, status=403)
    for reader in (olga, audra):
        Program(reader).patch(POLICY, {"stopped": True}, status=403)
    assert not OptimizerPolicy.objects.exists()


def test_the_scoreboard(alice, bob):
    came_to(alice, "general", status="applied", verdict="improved")
    found = Program(alice).get("optimizer/scoreboard/")
    assert [(each["kind"], each["improved"], each["rate"]) for each in found["strategies"]] == [("general", 1, 100.0)]
    assert [each["kind"] for each in found["operations"]] == ["adjust_weight"]
    assert Program(bob).get("optimizer/scoreboard/") == {"strategies": [], "operations": []}
