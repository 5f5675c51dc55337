"""Slack refuses its token right now: the alert is open, and the optimization that repairs it waits for approval."""

from random import Random

from smartagent.demo.incidents.stage import HOUR, MINUTE, Stage, make_rule
from smartagent.demo.platform.connection import look
from smartagent.demo.replay import Happening

NAME, SERVICE, REPAIR = "Mateo Silva", "slack", "Slack is disconnected"


def happenings(stage: Stage, dice: Random) -> list[Happening]:
    """Return what happens in the last hour."""
    mateo, begin = stage.person(NAME), stage.end - 50 * MINUTE
    slack, service = stage.connected(NAME, SERVICE), stage.service(SERVICE)
    make_rule(mateo, REPAIR, "integration_health < 70", "optimize", stage.start, target_integration=SERVICE,
              severity="high", repeat_every=4 * HOUR, action_config={"optimization_type": "manual"})  # fmt: skip
    return [
        Happening(begin, lambda: service.broke("token")),
        Happening(begin + 5 * MINUTE, lambda: look(slack, begin + 5 * MINUTE)),
    ]
