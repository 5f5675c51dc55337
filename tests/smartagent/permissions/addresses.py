"""What is sent for a row of the matrix: its address with the ids of somebody's objects, and a body."""

from typing import Any

from tests.smartagent.permissions.callers import Caller
from tests.smartagent.permissions.routes import PARAMETER, kind_of

# Parameters that are no ids.
OTHERS = {
    "kind": "email", "slug": "rest", "verb": "acknowledge", "token": "x", "uidb64": "x", "provider_id": "x",
    "name": "cpu", "file": "smartagent-alerts.yml", "app_label": "rules", "content_type_id": "1",
}  # fmt: skip
VERBS = {"feedback": "useful", "mark": "read", "alerts": "acknowledge", "do": "dismiss", "quick": "acknowledge"}
LEGACY = ("/functions/v1/", "/rest/v1/")
# Where an empty body is refused before the object is looked for.
BODIES = {
    "/api/states/<uuid:pk>/assign/": {"person": None},
    "/api/states/<uuid:pk>/comment/": {"comment": "Disk replaced"},
    "/api/states/<uuid:pk>/snooze/": {"length": "1h"},
    "/api/notifications/<uuid:pk>/feedback/": {"useful": True},
    "/api/notifications/<uuid:pk>/snooze/": {"length": "1h"},
}  # fmt: skip
UNKNOWN = "00000000-0000-0000-0000-000000000000"


def address_of(row: str, things: dict[str, str]) -> str:
    """The address with an id of `things`; a kind of which there are none has an id that is unknown."""
    route = row.partition(" ")[2]
    key = things.get("binned" if route.endswith("/undelete/") else kind_of(row), UNKNOWN)

    def value(found: Any) -> str:
        before = route[: found.start()].rstrip("/").rpartition("/")[2]
        if found[2] == "verb":
            return VERBS[before]
        if found[2] in OTHERS:
            return OTHERS[found[2]]
        return "1" if found[1] == "int" and not key.isdecimal() else key

    return PARAMETER.sub(value, route)


def body_of(row: str, caller: Caller) -> Any:
    """The body of a request of the API, which is empty but for legacy functions; None for others and for pages."""
    method, _, route = row.partition(" ")
    if method in ("GET", "DELETE") or not route.startswith(("/api/", "/write", "/v1/", *LEGACY)):
        return None
    return legacy_body(route, caller) if route.startswith(LEGACY) else BODIES.get(route, {})


def legacy_body(route: str, caller: Caller) -> dict[str, Any]:
    """A sound body, about the person of the caller's objects."""
    name = route.rpartition("/")[2]
    return {
        "core_notifications_gateway": {"user_id": caller.whose, "type": "alert", "title": "Low", "message": "Low."},
        "fusion_live_optimizer": {
            "user_id": caller.whose, "metric_type": "fusion_score", "metric_value": 50, "threshold_value": 70,
        },
        "get_anomaly_count": {"target_user_id": caller.whose},
        "get_recent_anomalies": {"target_user_id": caller.whose},
        "get_integration_error_count": {"target_user_id": caller.whose},
        "mark_notification_read": {"notification_id": caller.things["notifications"]},
    }.get(name, {})  # fmt: skip
