"""The scoreboard: what came of the proposals of each strategy and operation."""

from datetime import timedelta

from django.utils import timezone

from optimizer.models import OptimizationEvent, OptimizationStep

PAGE = "/optimizer-scoreboard/"


def came_to(user, strategy, **fields):
    event = OptimizationEvent.objects.create(
        user=user, source_event_type="smart_agent_fusion_score", optimization_action="manual", strategy=strategy,
        **fields,
    )  # fmt: skip
    done = "undone" if fields.get("status") == "rolled_back" else "done" if fields.get("applied_at") else "proposed"
    OptimizationStep.objects.create(event=event, position=1, operation="adjust_weight", status=done)
    return event


def test_what_came_of_each(client_of, olga, alice, bob):
    now = timezone.now()
    for verdict in ("improved", "improved", "unchanged", "too_little"):
        came_to(alice, "fusion_enhancement", status="applied", applied_at=now, verdict=verdict)
    came_to(bob, "fusion_enhancement", status="rolled_back", applied_at=now, verdict="worse")
    came_to(bob, "general", status="dismissed")
    OptimizationEvent.objects.create(
        user=bob, source_event_type="theirs", optimization_action="auto", strategy="general"
    )
    context = client_of(olga).get(PAGE).context
    first, second = context["strategies"]
    assert (first.label, first.proposed, first.applied, first.improved, first.unchanged, first.worse, first.too_little,
            first.rolled_back, first.rate) == ("Fusion enhancement", 5, 5, 2, 1, 1, 1, 1, 50.0)  # fmt: skip
    assert (second.label, second.proposed, second.dismissed, second.rate) == ("General", 1, 1, None)
    (operation,) = context["operations"]
    assert (operation.label, operation.proposed, operation.applied, operation.rolled_back, operation.improved,
            operation.worse, operation.rate) == ("Adjust a weight", 6, 5, 1, 2, 1, 50.0)  # fmt: skip
    assert (
        context["words"]
        == "Best strategy: Fusion enhancement, 2 of 4 measured optimizations improved. 1 made the metric worse."
    )


def test_of_a_time(client_of, olga, alice):
    came_to(alice, "general", created_at=timezone.now() - timedelta(days=40))
    client = client_of(olga)
    assert client.get(PAGE, {"period": "30"}).context["strategies"] == []
    assert len(client.get(PAGE, {"period": "90"}).context["strategies"]) == 1
    assert client.get(PAGE, {"period": "x"}).context["period"] == "all"


def test_members_see_their_own(client_of, alice, bob):
    came_to(alice, "general")
    assert client_of(bob).get(PAGE).context["strategies"] == []
    assert len(client_of(alice).get(PAGE).context["strategies"]) == 1


def test_an_empty_one_says_what_will_stand_there(client_of, alice):
    page = client_of(alice).get(PAGE).content.decode()
    assert "Nothing was proposed." in page
    assert "<canvas" not in page
