"""The policy: the switch that stops everything, guard-rails, the change window, and what is trusted with what."""

import pytest
from django.utils import timezone

from optimizer.models import ActionLog, OptimizationEvent, OptimizerPolicy
from rules.models import ActivityEntry

PAGE = "/optimizer-policy/"
KEPT = {
    "automatic_per_day": "5", "trusted_after": "2", "trusted_rate": "72.5", "on_failure": "keep", "undo_worse": "on",
    "window_zone": "Europe/Berlin", "window-TOTAL_FORMS": "1", "window-INITIAL_FORMS": "0", "window-0-days": ["5", "6"],
    "window-0-begins": "22:00", "window-0-ends": "06:00",
}  # fmt: skip


def policy():
    return OptimizerPolicy.current()


def helped(user, count, **fields):
    for _ in range(count):
        OptimizationEvent.objects.create(
            **{
                "user": user, "source_event_type": "smart_agent_fusion_score", "optimization_action": "manual",
                "strategy": "fusion_enhancement", "verdict": "improved", "approved_by": user,
                "approved_at": timezone.now(), "status": "applied", "applied": True,
            } | fields
        )  # fmt: skip


def test_one_click_stops_everything_and_says_who_did(client_of, ada):
    client = client_of(ada)
    content = client.post(f"{PAGE}stop/", follow=True).content.decode()
    assert policy().stopped
    assert "The optimizer is stopped" in content
    assert "since Ada stopped it" in content
    entry = ActivityEntry.objects.get(event_type="optimizer_stopped")
    assert (entry.user, entry.agent_name, entry.context["by_name"]) == (ada, "person", "Ada")
    assert ActionLog.objects.get(action_type="policy_stop").user == ada
    client.post(f"{PAGE}stop/")
    assert ActivityEntry.objects.filter(event_type="optimizer_stopped").count() == 1
    assert "The optimizer was resumed" in client.post(f"{PAGE}release/", follow=True).content.decode()
    assert not policy().stopped
    page = client.get(f"/activity/{entry.pk}/change/").content.decode()
    assert "Ada stopped the optimizer: nothing is approved or applied." in page


def test_guard_rails_and_window_are_kept(client_of, ada):
    page = client_of(ada).post(PAGE, KEPT, follow=True).content.decode()
    found = policy()
    assert (found.automatic_per_day, found.trusted_after, found.trusted_rate) == (5, 2, 0.725)
    assert (found.on_failure, found.undo_worse, found.needs_another) == ("keep", True, False)
    assert found.window == [{"days": [5, 6], "from": "22:00", "until": "06:00"}]
    assert "Sat, Sun 22:00 to 06:00, Europe/Berlin" in page
    changes = ActivityEntry.objects.get(event_type="optimizer_policy_changed").context["changes"]
    assert "minimum success rate 0.6 → 0.725" in changes
    assert "change window none → 1 period" in changes


def test_saving_what_is_so_already_changes_nothing(client_of, ada):
    client = client_of(ada)
    client.post(PAGE, KEPT)
    again = KEPT | {"window-INITIAL_FORMS": "1"}
    assert "No changes." in client.post(PAGE, again, follow=True).content.decode()
    assert ActivityEntry.objects.count() == 1


def test_a_period_is_taken_away(client_of, ada):
    client = client_of(ada)
    client.post(PAGE, KEPT)
    client.post(PAGE, KEPT | {"window-INITIAL_FORMS": "1", "window-0-DELETE": "on"})
    assert policy().window == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"trusted_rate": "160"}, "less than or equal to 100"),
        ({"automatic_per_day": "-1"}, "greater than or equal to 0"),
        ({"automatic_per_day": ""}, "This field is required."), ({"window_zone": "Mars"}, "is not a time zone"),
        ({"window-0-days": []}, "Enter the days too."), ({"window-0-ends": ""}, "Enter the end too."),
        ({"window-0-begins": "25:00"}, "Enter a time of day, for example 22:00."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_kept(client_of, ada, given, words):
    page = client_of(ada).post(PAGE, KEPT | given).content.decode()
    assert words in page
    assert not OptimizerPolicy.objects.exists()


def test_it_says_what_each_strategy_is_trusted_with_and_why_not(client_of, ada, alice):
    client = client_of(ada)
    assert "Fusion enhancement has 0 approved successes; 3 are required." in client.get(PAGE).content.decode()
    helped(alice, 3)
    found = {each.kind: each.why_not for each in client.get(PAGE).context["standings"]}
    assert found["fusion_enhancement"] == ""
    assert found["general"] != ""
    helped(alice, 6, verdict="worse")
    found = {each.kind: each.why_not for each in client.get(PAGE).context["standings"]}
    assert found["fusion_enhancement"] == "Fusion enhancement has a success rate of 33 %; 60 % are required."


def test_who_may_see_and_change_it(client_of, alice, olga, audra):
    assert client_of(alice).get(PAGE).status_code == 403
    for reader in (olga, audra):
        client = client_of(reader)
        page = client.get(PAGE).content.decode()
        assert "60 %" in page
        assert "Stop everything" not in page
        assert '<input type="number"' not in page
        for address in (PAGE, f"{PAGE}stop/", f"{PAGE}release/"):
            assert client.post(address, KEPT).status_code == 403
    assert not OptimizerPolicy.objects.exists()
