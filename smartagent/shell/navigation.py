"""Settings of Unfold, for the frame of every page: name, icon, colours, navigation, command palette.

The settings import this module, so it names views and callbacks by string and imports no model.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy


def _allowed(permission: str) -> Any:
    return lambda request: request.user.has_perm(permission)


def _is_below(link: str) -> Callable[[HttpRequest], bool]:
    """Return a test whether a request is below `link`; Unfold's own also finds /rules/ in /docs/rules/."""
    return lambda request: request.path.startswith(link) if link != "/" else request.path == "/"


def _item(title: str, icon: str, url: str, permission: str = "", badge: str = "", variant: str = "") -> dict[str, Any]:
    link = reverse(url)
    item: dict[str, Any] = {"title": title, "icon": icon, "link": link, "active": _is_below(link)}
    if permission:
        item["permission"] = _allowed(permission)
    if badge:
        item |= {"badge": f"smartagent.dashboard.badges.{badge}", "badge_variant": variant}
    return item


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups and links of the side bar."""
    watch = [
        _item("Overview", "monitoring", "admin:index"),
        _item("Rules", "rule", "admin:rules_automationrule_changelist", "rules.view_automationrule"),
        _item("Firing", "local_fire_department", "admin:rules_rulestate_changelist", "rules.view_rulestate", "firing"),
        _item("Activity", "history", "admin:rules_activityentry_changelist", "rules.view_activityentry"),
        _item("Notifications", "notifications", "admin:notifications_notification_changelist",
              "notifications.view_notification", "unread", "primary"),
        _item("Optimizations", "tune", "admin:optimizer_optimizationevent_changelist",
              "optimizer.view_optimizationevent", "proposed", "info"),
        _item("Integrations", "hub", "admin:rules_integration_changelist", "rules.view_integration"),
    ]  # fmt: skip
    operate = [
        _item("Runs", "timer", "admin:rules_dispatchrun_changelist", "rules.view_dispatchrun"),
        _item("Data sources", "dns", "admin:rules_datasource_changelist", "rules.view_datasource"),
        _item("Metric queries", "query_stats", "admin:rules_metricquery_changelist", "rules.view_metricquery"),
        _item("Received metrics", "move_to_inbox", "admin:rules_metricreceipt_changelist", "rules.view_metricreceipt"),
        _item("Channels", "send", "admin:notifications_channel_changelist", "notifications.view_channel"),
        _item("Deliveries", "outbox", "admin:notifications_delivery_changelist", "notifications.view_delivery"),
        _item("Escalation", "escalator_warning", "admin:notifications_escalationpolicy_changelist",
              "notifications.view_escalationpolicy"),
        _item("Silences", "notifications_paused", "admin:rules_silence_changelist", "rules.view_silence"),
        _item("Changes", "manage_history", "admin:configuration_changes", "rules.view_activityentry"),
        _item("Log verification", "verified_user", "admin:audit")
        | {"permission": "smartagent.doctor.permissions.may_look"},
        _item("Rule health", "ecg_heart", "admin:rules_health", "rules.view_automationrule"),
        _item("Strategy performance", "healing", "admin:optimizer_scoreboard", "optimizer.view_optimizationevent"),
        _item("Automation policy", "policy", "admin:optimizer_policy", "optimizer.view_optimizerpolicy"),
        _item("Reliability", "speed", "admin:reliability", "notifications.view_reliabilitygoal"),
        _item("System health", "database", "admin:schema") | {"permission": "smartagent.doctor.permissions.may_look"},
        _item("Retention", "auto_delete", "admin:retention")
        | {"permission": "smartagent.retention.permissions.may_look"},
    ]  # fmt: skip
    admin = [
        _item("People", "group", "admin:smartagent_user_changelist", "smartagent.view_user"),
        _item("Service accounts", "smart_toy", "admin:smartagent_serviceaccount_changelist",
              "smartagent.view_serviceaccount"),
        _item("API tokens", "key", "admin:smartagent_apitoken_changelist", "smartagent.view_apitoken"),
        _item("API docs", "api", "api:docs"),
        _item("Documentation", "menu_book", "admin:docs"),
    ]  # fmt: skip
    return [
        {"items": watch},
        {"title": "Operate", "separator": True, "items": operate},
        {"title": "Admin", "separator": True, "items": admin},
    ]


# Teal, from the OKLCH wheel at 190 degrees; 600 on white and 500 on the dark ground pass WCAG AA.
PRIMARY = {
    "50": "oklch(98% .014 190)", "100": "oklch(95% .035 190)", "200": "oklch(90% .065 190)",
    "300": "oklch(84% .1 190)", "400": "oklch(76% .12 190)", "500": "oklch(68% .115 190)",
    "600": "oklch(51% .09 190)", "700": "oklch(45% .08 190)", "800": "oklch(39% .068 190)",
    "900": "oklch(34% .057 190)", "950": "oklch(26% .045 190)",
}  # fmt: skip

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Smart Agent",
    "SITE_HEADER": "Smart Agent",
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("smartagent/icon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("smartagent/icon.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": PRIMARY},
    "STYLES": [lambda request: static("smartagent/smartagent.css")],
    "SCRIPTS": [
        lambda request: static("smartagent/smartagent.js"),
        lambda request: static("smartagent/bell.js"),
        lambda request: static("smartagent/drafts.js"),
    ],
    "COMMAND": {"show_history": False},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": navigation},
    "DASHBOARD_CALLBACK": "smartagent.dashboard.overview.overview",
    "ACCOUNT": {
        "navigation": [
            {"title": "Your page", "link": reverse_lazy("admin:own_page")},
            {"title": "Your profile", "link": reverse_lazy("admin:profile")},
            {"title": "Sign-in and security", "link": reverse_lazy("admin:security")},
            {"title": "Notification preferences", "link": reverse_lazy("admin:preferences")},
        ]
    },
}
