"""The actions optimize and adjust of rules: optimize proposes an optimization for the person concerned, adjust one
change."""

from collections.abc import Sequence
from decimal import Decimal

from django import forms

from optimizer.operations.adjust_sync_interval import LEAST as LEAST_MINUTES
from optimizer.operations.adjust_sync_interval import MAX_CHANGE_FACTOR as MOST_MINUTES
from optimizer.operations.adjust_weight import LEAST, MAX_WEIGHT_CHANGE, stepped
from optimizer.proposals.creation import ProposalRequest, ProposalResult, proposal_of, propose, recommended
from optimizer.proposals.facts import FactsLoader
from optimizer.registries import strategy_for
from optimizer.strategies.proposal import Facts, Proposal, ProposedStep
from rules.action_options import option_text
from rules.actions import Action, Firing, Outcome
from rules.ingest.samples import MAX_METRIC_NAME
from rules.text.entry import number
from smartagent.fields import NumberInput
from smartagent.kernel.coerce import as_number

TEST = "rule_test"
KIND_CHOICES = [("auto", "automatic"), ("manual", "manual"), ("scheduled", "scheduled")]
KIND_HELP = (
    "Automatic: applied without approval if the automation policy allows it. Scheduled: "
    "applied in the change window. Empty: automatic."
)


class OptimizeForm(forms.Form):
    optimization_type = forms.ChoiceField(required=False, choices=KIND_CHOICES, help_text=KIND_HELP)


class LegacyOptimizeOptions(forms.Form):
    """Options written by the old application: the metric of its advice; here it is the rule's own."""

    target_metric = forms.CharField(required=False, max_length=MAX_METRIC_NAME)


class Optimize(Action):
    kind = "optimize"
    result = "proposed"
    label = "Optimize"
    help = "Proposes an optimization with the strategy for the metric: operations with dry run and rollback."
    phrase = "propose an optimization"
    test_words = "Nothing is proposed by a test: the result says what would be recommended."
    form = OptimizeForm
    carried = LegacyOptimizeOptions
    leads_to = {"optimization": ("the proposal", "admin:optimizer_optimizationevent_change")}

    def execute(self, firings: Sequence[Firing]) -> list[Outcome]:
        around = FactsLoader({firing.subject_id for firing in firings}, firings[0].now)
        whole = [(firing, *self.think(firing, facts_of(firing, around))) for firing in firings]
        obstacles = [self.obstacle(firing, found) for firing, _, _, found in whole]
        real = [
            (_requested(firing, facts), name, found)
            for (firing, facts, name, found), obstacle in zip(whole, obstacles, strict=True)
            if not obstacle and firing.event != TEST
        ]
        made = iter(propose(real, firings[0].now))
        return [
            Outcome(error=obstacle) if obstacle
            else _would(name, found) if firing.event == TEST
            else _outcome(next(made), name)
            for (firing, _, name, found), obstacle in zip(whole, obstacles, strict=True)
        ]  # fmt: skip

    def obstacle(self, firing: Firing, proposal: Proposal) -> str:
        """The reason why nothing can be proposed; empty where something can."""
        if (kind := _kind(firing)) in dict(KIND_CHOICES):
            return ""
        known = ", ".join(dict(KIND_CHOICES))
        return f"“{kind[:40]}” is not an optimization type. Set optimization_type to one of: {known}."

    def think(self, firing: Firing, facts: Facts) -> tuple[Facts, str, Proposal]:
        """The proposal for a firing, and the name of its strategy."""
        strategy = strategy_for(firing.metric)
        return facts, strategy.kind, proposal_of(strategy, facts)


class AdjustForm(OptimizeForm):
    parameter = forms.ChoiceField(
        choices=[("weight", "the weight of a fusion metric"), ("sync_interval", "the sync interval of an integration")]
    )
    name = forms.CharField(max_length=200, help_text="Name of the fusion metric, or type of the integration.")
    step = NumberInput(help_text="Change per step, for example 0.05 or -0.05; for an interval in minutes.")
    lowest = NumberInput(required=False, help_text="Lower limit.")
    highest = NumberInput(required=False, help_text="Upper limit.")

    field_order = ("parameter", "name", "step", "lowest", "highest", "optimization_type")

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        low, high = cleaned.get("lowest"), cleaned.get("highest")
        if low is not None and high is not None and low > high:
            self.add_error("highest", "The upper limit is below the lower limit.")
        if cleaned.get("step") == 0:
            self.add_error("step", "The step must not be 0.")
        return {
            name: float(value) if name in NUMBER_OPTIONS and value is not None else value
            for name, value in cleaned.items()
        }


NUMBER_OPTIONS = ("step", "lowest", "highest")
USUAL = 30  # minutes between two synchronisations, where the settings say none


class Adjust(Optimize):
    kind = "adjust"
    result = "adjusted"
    label = "Adjust"
    help = "Proposes one change of one parameter by a step, within limits: a weight or a sync interval."
    phrase = "propose to adjust a parameter"
    form = AdjustForm

    def think(self, firing: Firing, facts: Facts) -> tuple[Facts, str, Proposal]:
        make = {"weight": _weight, "sync_interval": _interval}.get(str(firing.config.get("parameter")))
        lacking = _incomplete(firing)
        if lacking or make is None:
            return facts, "adjust", Proposal(reason=_why(firing), advice=(lacking,))
        return facts, "adjust", make(firing, facts)

    def obstacle(self, firing: Firing, proposal: Proposal) -> str:
        return super().obstacle(firing, proposal) or ("" if proposal.steps else " ".join(proposal.advice))


def _incomplete(firing: Firing) -> str:
    """The options that are missing for an adjustment; empty where it is complete."""
    config = firing.config
    lacking = [name for name in ("parameter", "name", "step") if config.get(name) in (None, "", 0)]
    if lacking:
        return f"Nothing was adjusted: the options of the rule lack {', '.join(lacking)}."
    if (parameter := str(config["parameter"])) not in ("weight", "sync_interval"):
        return f"Nothing was adjusted: “{parameter[:40]}” is not a parameter. Use weight or sync_interval."
    wrong = [name for name in NUMBER_OPTIONS if config.get(name) is not None and as_number(config[name]) is None]
    return f"Nothing was adjusted: {wrong[0]} in the options of the rule is not a number." if wrong else ""


def facts_of(firing: Firing, around: FactsLoader) -> Facts:
    """The facts about the person whom the firing concerns."""
    return around.of(
        firing.subject_id, metric=firing.metric, value=firing.value, threshold=firing.threshold,
        operator=firing.operator, target=firing.target,
    )  # fmt: skip


def _weight(firing: Firing, facts: Facts) -> Proposal:
    name, why = str(firing.config.get("name") or ""), _why(firing)
    given = {each: firing.config[each] for each in NUMBER_OPTIONS if firing.config.get(each) is not None}
    old = next((one.weight for one in facts.metrics if one.name == name), None)
    if old is None:
        return Proposal(reason=why, advice=(f"Fusion metric {name} not found.",))
    step, low, high = (
        _decimal(firing, *each) for each in (("step", 0), ("lowest", LEAST), ("highest", MAX_WEIGHT_CHANGE))
    )
    new = stepped(old, step, max(low, LEAST), min(high, MAX_WEIGHT_CHANGE))
    if new == old:
        return Proposal(reason=why, advice=(f"The weight of {name} is {number(old)}, already at its limit.",))
    found = ProposedStep(
        operation="adjust_weight", parameters={"metric": name, **given},
        reason=f"The rule says: the weight of {name}, which is {number(old)}, by {float(step):+g}.",
        expected=f"The weight becomes {number(new)}, and the fusion score changes accordingly.",
    )  # fmt: skip
    return Proposal(reason=why, steps=(found,))


def _interval(firing: Firing, facts: Facts) -> Proposal:
    name, why = str(firing.config.get("name") or ""), _why(firing)
    found = next((one for one in facts.integrations if one.kind == name), None)
    if found is None:
        return Proposal(reason=why, advice=(f"Integration {name} not found.",))
    step, low, high = (
        _decimal(firing, *each) for each in (("step", 0), ("lowest", LEAST_MINUTES), ("highest", MOST_MINUTES))
    )
    old = found.sync_minutes or USUAL
    minutes = round(stepped(Decimal(old), step, max(low, Decimal(LEAST_MINUTES)), min(high, Decimal(MOST_MINUTES))))
    if minutes == old:
        return Proposal(reason=why, advice=(f"{name} synchronises every {old} minutes, already at its limit.",))
    adjusted = ProposedStep(
        operation="adjust_sync_interval", integration=found.id, parameters={"minutes": minutes},
        reason=f"The rule says: the sync interval of {name}, which is {old} minutes, by {float(step):+g}.",
        expected=f"{name} synchronises every {minutes} minutes.",
    )  # fmt: skip
    return Proposal(reason=why, steps=(adjusted,))


def _why(firing: Firing) -> str:
    at = "without a reading" if firing.value is None else f"at {number(firing.value, firing.threshold)}"
    threshold = number(firing.threshold, firing.value)
    return f"“{firing.rule_name}” asks for it: {firing.metric} {at}, {firing.operator} {threshold}."


def _decimal(firing: Firing, name: str, default: Decimal | int) -> Decimal:
    given = as_number(firing.config.get(name))
    return Decimal(default) if given is None else Decimal(str(given))


def _kind(firing: Firing) -> str:
    return option_text(firing.config.get("optimization_type") or "auto").strip().lower()


def _requested(firing: Firing, facts: Facts) -> ProposalRequest:
    return ProposalRequest(facts=facts, kind=_kind(firing), rule=firing.rule_id, entry=firing.entry_id)


def _would(strategy: str, proposal: Proposal) -> Outcome:
    """The result of a test: nothing is proposed, since an optimization that can be applied would be no test."""
    return Outcome({"test": True, "strategy": strategy, "would_recommend": recommended(proposal)})


def _outcome(made: ProposalResult, strategy: str) -> Outcome:
    detail = {"optimization": str(made.event.pk), "strategy": strategy}
    return Outcome(detail if made.is_new else detail | {"not_proposed": made.obstacle})
