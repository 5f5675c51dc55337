"""adjust_sync_interval: how often an integration synchronises, within bounds."""

from collections.abc import Mapping
from typing import Any

from optimizer.operations import Done, Operation, OperationFailed, PreviewedChange, Task
from optimizer.operations.integrations import integration_of, setting

SETTING = "sync_interval_minutes"
LEAST, MAX_CHANGE_FACTOR = 1, 1440  # minutes


class AdjustSyncInterval(Operation):
    kind = "adjust_sync_interval"
    label = "Adjust the sync interval"
    help = "Changes the sync interval of an integration, from one minute to one day."
    reversible = True

    def check(self, task: Task) -> None:
        integration_of(task)
        _wanted(task)

    def preview(self, task: Task) -> list[PreviewedChange]:
        now = setting(integration_of(task), SETTING)
        return [PreviewedChange("Sync interval in minutes", _shown(now), str(_wanted(task)))]

    def apply(self, task: Task, reached: Any) -> Done:
        integration, wanted = integration_of(task, locked=True), _wanted(task)
        config = dict(integration.config or {})
        before = {SETTING: config[SETTING]} if SETTING in config else {}
        integration.config = config | {SETTING: wanted}
        integration.save(update_fields=["config", "updated_at"])
        result = f"{integration} now synchronises every {wanted} minutes, before: {_shown(before.get(SETTING))}."
        return Done(before=before, after={SETTING: wanted}, result=result)

    def undo(self, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        integration = integration_of(task, locked=True)
        config = dict(integration.config or {})
        if config.get(SETTING) != after[SETTING]:
            raise OperationFailed(
                f"The interval was changed to {_shown(config.get(SETTING))} since then, so it is kept."
            )
        config.pop(SETTING)
        integration.config = config | dict(before)
        integration.save(update_fields=["config", "updated_at"])


def _wanted(task: Task) -> int:
    minutes = task.parameters.get("minutes")
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not LEAST <= minutes <= MAX_CHANGE_FACTOR:
        raise OperationFailed(f"“minutes” must be a whole number from {LEAST} to {MAX_CHANGE_FACTOR}.")
    return minutes


def _shown(minutes: Any) -> str:
    return "not set" if minutes is None else str(minutes)
