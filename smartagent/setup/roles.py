"""The groups that people belong to, and what each may do. They live here and are synchronised with every `migrate`."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

OWN_THINGS = (
    "rules.*_automationrule",
    "rules.view_rulestate",
    "rules.change_rulestate",
    "rules.view_activityentry",
    "rules.view_dispatchrun",
    "rules.view_silence",
    "rules.add_silence",
    "rules.change_silence",
    "rules.*_feedback",
    "rules.*_integration",
    "rules.view_fusionscore",
    "rules.view_auditevent",
    "rules.view_metricsample",
    "rules.add_metricsample",
    "rules.view_metricreceipt",
    "notifications.view_notification",
    "notifications.change_notification",
    "notifications.delete_notification",
    "notifications.*_channel",
    "notifications.view_delivery",
    "notifications.change_delivery",
    "notifications.view_deliveryattempt",
    "notifications.*_preference",
    "notifications.*_mute",
    "notifications.*_escalationpolicy",
    "notifications.view_escalation",
    "optimizer.view_optimizationevent",
    "optimizer.change_optimizationevent",
    "optimizer.view_optimizationstep",
    "optimizer.view_actionlog",
    "smartagent.*_apitoken",
)
READ_EVERYTHING = (
    "rules.view_*",
    "notifications.view_*",
    "optimizer.view_*",
    "smartagent.view_user",
    "smartagent.view_serviceaccount",
    "smartagent.view_everyone",
)
ROLE_PERMISSIONS: dict[str, tuple[str, ...]] = {
    "members": OWN_THINGS,
    "operators": (*OWN_THINGS, *READ_EVERYTHING, "rules.*_metricquery", "smartagent.change_everyone"),
    "auditors": (*READ_EVERYTHING, "smartagent.*_apitoken"),
    "administrators": ("rules.*", "notifications.*", "optimizer.*", "smartagent.*"),
}


def synchronise(using: str) -> None:
    """Make the four groups, with exactly these permissions; other groups are left alone."""
    for name, patterns in ROLE_PERMISSIONS.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set(Permission.objects.using(using).filter(matching(patterns)))


def matching(patterns: tuple[str, ...]) -> Q:
    """The permissions that one of `patterns` (`app.codename`, `*` at either end of the codename) names."""
    query = Q(pk__in=[])
    for pattern in patterns:
        app, codename = pattern.split(".")
        regex = "^" + codename.replace("*", ".*") + "$"
        query |= Q(content_type__app_label=app, codename__regex=regex)
    return query
