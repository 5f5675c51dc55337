"""A sound body for each operation of the API, by its id."""

from smartagent.rest.examples import contents_of
from tests.smartagent.whole_bodies import BODIES, RULE


def bodies_of(known):
    """The requests that have no example in the code; ids and times are those of the known things."""
    rule = {name: RULE[name] for name in ("rule_name", "metric_type", "condition_operator", "threshold_value",
                                          "action_type", "severity")}  # fmt: skip
    state, sent = {"ids": [known["states"]]}, {"ids": [known["notifications"]]}
    silence = {"comment": "Backups", "metric": "cpu", "starts_at": known["soon"], "ends_at": known["later"]}
    file = {"document": {"version": 1, "rules": [{
        "uid": "low", "name": "Low", "metric": "cpu", "operator": "<", "threshold": 70, "action": "alert",
    }]}, "source": "team-a"}  # fmt: skip
    policy = {"stopped": False, "automatic_per_day": 5, "trusted_after": 3, "trusted_rate": 0.8, "needs_another": True,
              "undo_worse": True, "on_failure": "undo", "window": [], "window_zone": "Europe/Berlin"}  # fmt: skip
    return {
        "rules_create": rule, "rules_replace": rule, "rules_update": {"threshold_value": 65},
        "rules_bulk_edit": {"rules": [known["rules"]], "values": {"severity": "critical"}, "dry_run": True},
        "rules_bulk_delete": {"ids": [known["rules"]]}, "tokens_revoke": {"ids": [known["tokens"]]},
        "rules_restore": {"version": 1}, "rules_plan": file, "rules_apply": file, "rules_release": {"source": "team-a"},
        "rules_trial_of_stored": {"days": 1, "threshold_value": 65}, "rules_trial": rule | {"days": 1},
        "rules_import_prometheus": {"text": PROMETHEUS, "source": "imported"},
        "silences_create": silence, "silences_preview": silence, "silences_update": {"ends_at": known["later"]},
        "silences_end_many": {"ids": [known["silences"]]},
        "states_acknowledge": {"until": known["later"], "comment": "On it"}, "states_snooze": {"length": "1h"},
        "states_comment": {"comment": "Disk replaced"}, "states_assign": {"person": "ada@example.com"},
        "states_resolve": {"comment": "Fixed"}, "states_reopen": {}, "states_handle": state | {"verb": "acknowledge"},
        "notifications_snooze": {"length": "4h"}, "notifications_mark": sent | {"verb": "archive"},
        "deliveries_resend_all": {"ids": [known["deliveries"]]},
        "mutes_create": {"rule": known["rules"], "until": known["later"]},
        "integrations_create": {"integration_type": "github", "config": {"interval": 300}},
        "integrations_replace": {"integration_type": "slack", "config": {"interval": 300}},
        "integrations_update": {"status": "error", "error_message": "The token has expired."},
        "escalation_policies_create": {"name": "Weekends", "steps": [{"after": "15m", "to": ["owner"]}], "repeats": 1},
        "escalation_policies_update": {"repeats": 2},
        "metric_queries_create": BODIES["POST", "/api/metric-queries/"],
        "metric_queries_update": {"unit": "ms"},
        "optimizations_create": {"metric": "fusion_score", "operator": "<", "threshold": 70},
        "optimizations_dismiss": {"for": "7d", "note": "Known"}, "optimizations_by_hand": {"note": "Done"},
        "optimizations_roll_back": {"note": "Wrong"},
        "optimizations_decide": {"ids": [known["optimizations"]], "verb": "dismiss"},
        "optimizer_policy_replace": policy, "optimizer_policy_update": {"stopped": True},
        "reliability_goal_update": {"percent": 99.9, "seconds": 30},
        "preferences_replace": {"matrix": {}, "quiet": [], "digest_at": "08:00"},
        "preferences_update": {"digest_at": "08:00"},
        "groups_update": {"name": "on-call"}, "people_erase": {"email": "known-person@example.com"},
        "people_create": {"email": "grace@example.com", "full_name": "Grace Hopper"},
        "tokens_create": {"name": "build server", "scopes": ["read", "ingest"]}, "tokens_rotate": {},
    }  # fmt: skip


PROMETHEUS = """groups:
- name: hosts
  rules:
  - alert: HighLoad
    expr: node_load1 > 4
    for: 10m
"""


def request_of(name, operation, known):
    """The body of the request: the example that the code has, else that of above."""
    content = contents_of(operation).get("request")
    if content is None:
        return None
    examples = [each["value"] for each in content.get("examples", {}).values()]
    return bodies_of(known).get(name, examples[0] if examples else content.get("example", {}))
