"""An integration of the example platform breaks, and comes back: over HTTP, all of it."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rules.models import Integration, MetricSample
from smartagent.demo.platform.connection import connect, look
from smartagent.demo.platform.server import HOST, Running, running
from smartagent.outbound.addresses import allowing
from smartagent.outbound.client import send
from smartagent.verification.evaluations import rule_of, somebody
from smartagent.verification.optimization import (
    VerifiedOptimization,
    approve_and_apply,
    evaluate_repeatedly,
    measure_effect,
)

INTEGRATION = "gmail"
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Recovery:
    """The result of the scenario."""

    optimization: VerifiedOptimization
    wrong: str = ""  # the error of a synchronisation while it was broken
    asked: list[str] = field(default_factory=list)  # what the platform was asked by the optimization
    platform: dict[str, Any] = field(default_factory=dict)  # how the integration is there
    status: str = ""
    healths: list[float] = field(default_factory=list)


def play(now: datetime) -> Recovery:
    """Play it as of `now`."""
    person = somebody("Rita Recovery")
    config = {"optimization_type": "manual"}
    rule = rule_of(
        person, "integration_health", "<", 70, "optimize", target_integration=INTEGRATION, action_config=config
    )
    found = Recovery(VerifiedOptimization(person, rule))
    with running() as platform, allowing(HOST):
        integration = connect(person.pk, platform.platform.services[INTEGRATION], platform.address, now)
        after = evaluate_repeatedly(found.optimization, now, 1)
        _tell(platform, "break", "health")
        _tell(platform, "break", "token")
        found.wrong = look(integration, after)
        after = evaluate_repeatedly(found.optimization, after, 3)
        _tell(platform, "heal", "health")  # its token is refused all the same, until it is renewed
        before = len(platform.platform.asked)
        approve_and_apply(found.optimization, after - MINUTE)
        found.asked = platform.platform.asked[before:]
        found.platform = platform.platform.services[INTEGRATION].as_dict()
    evaluate_repeatedly(found.optimization, after, 3)
    measure_effect(found.optimization)
    found.status = Integration.objects.values_list("status", flat=True).get(pk=integration.pk)
    kept = MetricSample.objects.of(person, "integration_health", INTEGRATION)
    found.healths = list(kept.order_by("observed_at").values_list("value", flat=True))
    return found


def _tell(platform: Running, verb: str, what: str) -> None:
    body = json.dumps({"what": what}).encode()
    headers = {"Content-Type": "application/json"}
    send("POST", f"{platform.address}/control/{INTEGRATION}/{verb}", content=body, headers=headers)
