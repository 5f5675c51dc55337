"""The message of the test alert, sent by each test channel; one stage for each kind of channel in use."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from notifications.delivery.attempt import Call
from notifications.delivery.outcome import Result
from notifications.models import Channel
from notifications.registries import channels as kinds
from smartagent.selftest.stage import Stage, StageStatus

CHANNELS_AT_ONCE = 8


def send_by(calls: Sequence[Call], channels: Sequence[Channel]) -> list[Stage]:
    """The result by kind of channel. It is that of no delivery: neither statistics nor circuit breakers see it."""
    names = {channel.pk: channel.name for channel in channels}
    with ThreadPoolExecutor(CHANNELS_AT_ONCE) as pool:
        results = list(pool.map(_send, calls))
    sent = {channel: (call.kind, result) for call, result in zip(calls, results, strict=True)
            if (channel := call.channel)}  # fmt: skip
    marked = {channel.kind for channel in channels}
    in_use = set(Channel.objects.in_use().order_by().values_list("kind", flat=True).distinct())
    stages = [Stage(stage=f"delivery: {_label(kind)}", status=StageStatus.NO_TEST_CHANNEL) for kind in in_use - marked]
    for kind in marked:
        found = {names[key]: result for key, (of_kind, result) in sent.items() if of_kind == kind}
        stages.append(_stage(kind, found))
    return sorted(stages, key=lambda stage: stage.stage)


def _send(call: Call) -> Result:
    """Send the message; an incident that it opens is resolved."""
    result = call.make()
    if call.kind == "pagerduty" and not result.error:
        return replace(call, message=replace(call.message, reason="resolved")).make()
    return result


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
