"""The plug for rules: optimize proposes a remedy to the person concerned."""

from collections.abc import Sequence

from django import forms

from optimizer.metrics import OURS
from optimizer.models import ActionLog, OptimizationEvent
from optimizer.strategies import strategy_for
from rules.actions import Action, Firing, Outcome

TEST = "rule_test"


class OptimizeForm(forms.Form):
    optimization_type = forms.ChoiceField(
        required=False,
        choices=[("auto", "automatic"), ("manual", "manual"), ("scheduled", "scheduled")],
        help_text="Empty: automatic.",
    )


class Optimize(Action):
    kind = "optimize"
    label = "Optimize"
    help = "Proposes a remedy, with recommended steps, by the strategy for the metric."
    phrase = "propose a remedy"
    form = OptimizeForm
    leads_to = {"optimization": ("the proposal", "admin:optimizer_optimizationevent_change")}

    def execute(self, firings: Sequence[Firing]) -> list[Outcome]:
        tests = [firing for firing in firings if firing.event == TEST]
        if tests:  # a remedy that somebody could apply would be no test
            return [_would(firing) if firing in tests else self.execute([firing])[0] for firing in firings]
        events = [propose(firing) for firing in firings]
        OptimizationEvent.objects.bulk_create(events, batch_size=1000)
        logs = [log(event, firing) for event, firing in zip(events, firings, strict=True)]
        ActionLog.objects.bulk_create(logs, batch_size=1000)
        return [Outcome({"optimization": str(event.pk), "strategy": event.strategy}) for event in events]


def _would(firing: Firing) -> Outcome:
    event = propose(firing)
    return Outcome({"test": True, "strategy": event.strategy, "would_recommend": event.recommended_actions})


def propose(firing: Firing) -> OptimizationEvent:
    """The remedy for one firing, not yet saved."""
    strategy = strategy_for(firing.metric)
    return OptimizationEvent(
        user_id=firing.subject_id,
        rule_id=firing.rule_id,
        source_event_type=f"{OURS}{firing.metric}",
        optimization_action=firing.config.get("optimization_type") or "auto",
        strategy=strategy.kind,
        recommended_actions=strategy.recommend(firing.value, firing.threshold, firing.target),
        parameter_delta={},
        efficiency_index=firing.value if firing.metric == "efficiency_index" else None,
        before={"metric": firing.metric, "value": firing.value, "threshold": firing.threshold},
        created_at=firing.now,
    )


def log(event: OptimizationEvent, firing: Firing) -> ActionLog:
    """The proposal in the optimizer's own log; it is done once it stands there."""
    details = {
        "strategy": event.strategy,
        "recommended_actions": event.recommended_actions,
        "rule": str(firing.rule_id),
    }
    return ActionLog(
        user_id=event.user_id, event=event, action_type="propose", action_details=details,
        status=ActionLog.Status.COMPLETED, created_at=firing.now,
    )  # fmt: skip
