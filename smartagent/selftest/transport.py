"""The message of the test alert, sent by each test channel; one stage for each kind of channel in use."""

from collections.abc import Sequence
from dataclasses import replace

from notifications.delivery.attempt import Call, attempt_all
from notifications.delivery.outcome import Result
from notifications.models import Channel
from notifications.registries import channels as kinds
from smartagent.selftest.stage import Stage, StageStatus


def send_by(calls: Sequence[Call], channels: Sequence[Channel]) -> list[Stage]:
    """The result by kind of channel. It is that of no delivery: neither statistics nor circuit breakers see it."""
    names = {channel.pk: channel.name for channel in channels}
    results = _send(calls)
    sent = {channel: (call.to.kind, result) for call, result in zip(calls, results, strict=True)
            if (channel := call.to.channel)}  # fmt: skip
    marked = {channel.kind for channel in channels}
    in_use = set(Channel.objects.in_use().order_by().values_list("kind", flat=True).distinct())
    stages = [Stage(stage=f"delivery: {_label(kind)}", status=StageStatus.NO_TEST_CHANNEL) for kind in in_use - marked]
    for kind in marked:
        found = {names[key]: result for key, (of_kind, result) in sent.items() if of_kind == kind}
        stages.append(_stage(kind, found))
    return sorted(stages, key=lambda stage: stage.stage)


def _send(calls: Sequence[Call]) -> list[Result]:
    """Send the messages; incidents that they open are resolved."""
    results = attempt_all(calls)
    opened = [place for place, call in enumerate(calls) if call.to.kind == "pagerduty" and not results[place].error]
    resolving = [
        replace(call, message=replace(call.message, reason="resolved")) for call in map(calls.__getitem__, opened)
    ]
    for place, result in zip(opened, attempt_all(resolving), strict=True):
        results[place] = result
    return results


def _stage(kind: str, results: dict[str, Result]) -> Stage:
    name = f"delivery: {_label(kind)}"
    if not results:
        return Stage(stage=name, status=StageStatus.SKIPPED, error="The alert was not made.")
    errors = [f"{channel}: {result.error}" for channel, result in results.items() if result.error]
    return Stage(
        stage=name, status=StageStatus.FAILED if errors else StageStatus.PASSED, error=" ".join(errors),
        milliseconds=max(result.milliseconds or 0 for result in results.values()),
    )  # fmt: skip


def _label(kind: str) -> str:
    return kinds[kind].label if kind in kinds else kind
