"""Sound bodies with everything in them, for the endpoints that read most: places for hostile values."""

from typing import Any

CONDITION = {"metric": "cpu", "target": "db", "reducer": "avg", "window": "1h", "operator": ">", "threshold": 90}
RULE = {
    "rule_name": "Low", "description": "d", "metric_type": "cpu", "condition_operator": "<", "threshold_value": 70,
    "action_type": "alert", "action_config": {"title": "Look", "message": "m"}, "target_integration": "gmail",
    "status": "active", "severity": "high", "applies_to": "owner", "reducer": "avg", "evaluation_window": "1h",
    "critical_threshold": 50, "match": "all", "more_conditions": [CONDITION, CONDITION | {"metric": "disk"}],
    "pending_for": "15m", "keep_firing_for": "2 checks", "recovery_threshold": 75, "no_data_policy": "keep",
    "error_policy": "keep", "repeat_every": "4h", "labels": {"team": "db"}, "runbook_url": "https://a.example/",
}  # fmt: skip
IN_FILE = {
    "uid": "a", "name": "Low", "metric": "cpu", "operator": "<", "threshold": 70, "action": "alert", "severity": "high",
    "config": {"title": "Look"}, "for": "15m", "labels": {"team": "db"}, "more_conditions": [CONDITION],
    "evaluation_window": "1h", "reducer": "avg", "owner": "ada@example.com", "runbook": "https://a.example/",
}  # fmt: skip
FILE = {"document": {"version": 1, "rules": [IN_FILE]}, "source": "a", "prune": False}
SILENCE = {
    "comment": "Why", "metric": "cpu", "labels": {"team": "db"}, "starts_at": "2026-03-02T10:00:00Z",
    "ends_at": "2026-03-09T10:00:00Z", "recurrence": "FREQ=WEEKLY;BYDAY=SA", "duration": "2h",
    "time_zone": "Europe/Berlin", "person": "ada@example.com", "user": None,
}  # fmt: skip
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/api/rules/"): RULE,
    ("PUT", "/api/rules/{id}/"): RULE,
    ("PATCH", "/api/rules/{id}/"): RULE,
    ("POST", "/api/rules/trial/"): RULE | {"days": 7},
    ("POST", "/api/rules/{id}/trial/"): RULE | {"days": 1},
    ("POST", "/api/rules/bulk-edit/"): {
        "rules": ["00000000-0000-0000-0000-000000000000"], "percent": 5, "put_labels": {"a": "b"}, "take_labels": ["c"],
        "values": {"severity": "low", "pending_for": "15m", "recovery_threshold": 75, "runbook_url": "https://a.b/"},
        "dry_run": True,
    },
    ("POST", "/api/rules/plan/"): FILE,
    ("POST", "/api/rules/apply/"): FILE | {"adopt": True, "fingerprint": ""},
    ("POST", "/api/silences/"): SILENCE,
    ("POST", "/api/silences/preview/"): SILENCE,
    ("PATCH", "/api/silences/{id}/"): SILENCE,
    ("PATCH", "/api/preferences/"): {
        "matrix": {"00000000-0000-0000-0000-000000000000": {"low": "off", "medium": "hourly"}}, "digest_at": "08:00",
        "quiet": [{"days": [0, 1], "from": "22:00", "until": "07:00"}],
    },
    ("POST", "/api/samples/"): [
        {"metric": "cpu", "value": 7.5, "timestamp": "2026-03-02T10:00:00Z", "user": "ada@example.com", "target": "a"}
    ],
    ("POST", "/api/escalation-policies/"): {
        "name": "Nights", "steps": [{"after": "15m", "to": ["owner", "ada@example.com"]}], "repeats": 2,
    },
    ("POST", "/api/channels/"): {
        "kind": "email", "name": "mail", "settings": {"to": "a@example.com"}, "title_template": "{{ title }}",
        "body_template": "{{ text }}", "enabled": True,
    },
    ("POST", "/api/data-sources/"): {
        "name": "mimir", "address": "https://mimir.example.com/prometheus", "authentication": "basic", "username": "a",
        "password": "b", "token": "c", "headers": {"X-Scope-OrgID": "team-a"}, "person_label": "user", "timeout": 5,
    },
    ("POST", "/api/metric-queries/"): {
        "name": "http_errors", "source": "prom", "expression": "rate(errors[5m])", "unit": "per second",
    },
    ("POST", "/api/integrations/"): {
        "integration_type": "gmail", "status": "active", "config": {"a": {"b": 1}}, "credentials": {"token": "x"},
        "last_sync_at": "2026-03-02T10:00:00Z", "error_message": "e",
    },
}  # fmt: skip
