"""Something of each kind that the API has an address for."""

from datetime import datetime, timedelta

from django.contrib.auth.models import Group

from notifications.models import Channel, Delivery, Escalation, EscalationPolicy, Mute, Notification
from optimizer.models import OptimizationEvent
from rules.models import (
    ActivityEntry,
    AutomationRule,
    DataSource,
    DispatchRun,
    Integration,
    MetricQuery,
    MetricSample,
    RuleState,
    Silence,
)
from smartagent.accounts.tokens import issue_token
from smartagent.models import User


def known_things(person: User, now: datetime, of: str = "") -> dict[str, str]:
    """An id of everything that has one, by the word in its address. Names of those of a second person end in `of`."""
    rule = AutomationRule.objects.create(
        user=person, rule_name="Low", metric_type="fusion_score", condition_operator="<", threshold_value=70,
        action_type="alert",
    )  # fmt: skip
    run = DispatchRun.objects.create(trigger="schedule", evaluated_at=now, started_at=now, late_by=timedelta(minutes=3))
    MetricSample.objects.push(user=person, metric="cpu", value=7, observed_at=now)
    entry = ActivityEntry.objects.create(user=person, rule=rule, run=run, event_type="rule_fired")
    state = RuleState.objects.create(rule=rule, user=person, since=now)
    policy = EscalationPolicy.objects.create(user=person, name=f"Nights{of}", steps=[{"after": 900, "to": ["owner"]}])
    source = DataSource.objects.create(name=f"prom{of}", address="http://127.0.0.1:1")
    slack = Integration.objects.create(user=person, integration_type="slack")
    change = {"field": "status", "label": "status", "from": "active", "to": "inactive"}
    changed = ActivityEntry.objects.create(
        user=person, agent_name="person", event_type="configuration_changed", action_taken="none", context={
            "kind": "integration", "object": str(slack.pk), "name": "slack", "changes": [change],
            "by": str(person.pk), "by_name": str(person),
        },
    )  # fmt: skip
    things = {
        "configuration-changes": changed,
        "data-sources": source,
        "metric-queries": MetricQuery.objects.create(name=f"errors{of}", source=source, expression="up"),
        "escalation-policies": policy,
        "escalations": Escalation.objects.create(
            policy=policy,
            policy_name="Nights",
            rule=rule,
            state=state,
            entry_id=entry.pk,
            episode=1,
            repeats=0,
            steps=policy.steps,
            title="Low",
            message="Low.",
            severity="high",
        ),
        "rules": rule,
        "runs": run,
        "silences": Silence.objects.create(user=person, comment="Why", metric="cpu", starts_at=now, ends_at=now),
        "states": state,
        "activity": entry,
        "integrations": slack,
        "notifications": Notification.objects.create(
            user=person, rule=rule, type="alert", title="Low", message="Low.", metadata={"entry": str(entry.pk)}
        ),
        "tokens": issue_token(person, "known", now + timedelta(days=40))[0],
        "groups": Group.objects.create(name=f"known{of}"),
        "people": User.objects.create_user(f"known-person{of}@example.com", None),
        "mutes": Mute.objects.create(user=person, rule=rule),
        "channels": Channel.objects.create(user=person, kind="email", name="mail", config={"to": "a@example.com"}),
        "deliveries": Delivery.objects.create(user=person, title="Low", status="delivered", expires_at=now),
        "optimizations": OptimizationEvent.objects.create(
            user=person, source_event_type="x", optimization_action="auto"
        ),
    }
    return {word: str(thing.pk) for word, thing in things.items()}
