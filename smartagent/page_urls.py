"""Pages of the shell that are no list: “Evaluate now”, the schema, the badges and the profile."""

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

from notifications.pages.preferences import preferences
from notifications.pages.recipients import recipients
from notifications.pages.reliability import reliability_page
from optimizer.pages.policy import let_go_on, policy_page, stop_everything
from optimizer.pages.report import report_mail, report_page
from optimizer.pages.scoreboard import scoreboard_page
from rules.pages.audit import accept_page, audit_page
from rules.pages.configuration import change_page, changes_page
from rules.pages.evaluate_now import dispatch_now
from rules.pages.health import health_page
from smartagent.accounts.email_pages import change_email, verify_email
from smartagent.accounts.profile import profile
from smartagent.accounts.security_page import revoke_session, revoke_session_of, security_page, sessions_of_person
from smartagent.dashboard.badges import badges
from smartagent.dashboard.subject.integration import check_integration, integration_page
from smartagent.dashboard.subject.person import own_page, person_page
from smartagent.docs.download import download
from smartagent.docs.page import docs
from smartagent.doctor.page import repair_schema, schema
from smartagent.privacy.pages import erase_page, export_page
from smartagent.retention.page import retention_page


def pages(site: AdminSite) -> list[URLPattern]:
    """Their addresses, for signed-in people only."""
    return [
        path("dispatch/", site.admin_view(dispatch_now), name="dispatch_now"),
        path("changes/", site.admin_view(changes_page), name="configuration_changes"),
        path("changes/<uuid:key>/", site.admin_view(change_page), name="configuration_change"),
        path("log-verification/", site.admin_view(audit_page), name="audit"),
        path("log-verification/accept/<int:number>/", site.admin_view(accept_page), name="audit_accept"),
        path("rule-health/", site.admin_view(health_page), name="rules_health"),
        path("preferences/", site.admin_view(preferences), name="preferences"),
        path("recipients/", site.admin_view(recipients), name="recipients"),
        path("reliability/", site.admin_view(reliability_page), name="reliability"),
        path("optimizer-policy/", site.admin_view(policy_page), name="optimizer_policy"),
        path("optimizer-policy/stop/", site.admin_view(stop_everything), name="optimizer_stop"),
        path("optimizer-policy/release/", site.admin_view(let_go_on), name="optimizer_release"),
        path("optimizer-scoreboard/", site.admin_view(scoreboard_page), name="optimizer_scoreboard"),
        path("optimizer-report/", site.admin_view(report_page), name="optimizer_report"),
        path("optimizer-report/mail/", site.admin_view(report_mail), name="optimizer_report_mail"),
        path("schema/", site.admin_view(schema), name="schema"),
        path("schema/repair/", site.admin_view(repair_schema), name="schema_repair"),
        path("retention/", site.admin_view(retention_page), name="retention"),
        path("docs/", site.admin_view(docs), name="docs"),
        path("docs/downloads/<str:file>", site.admin_view(download), name="docs_download"),
        path("docs/<path:slug>/", site.admin_view(docs), name="docs_page"),
        path("people/me/", site.admin_view(own_page), name="own_page"),
        path("people/<uuid:key>/", site.admin_view(person_page), name="person"),
        path("people/<uuid:key>/export/", site.admin_view(export_page), name="person_export"),
        path("people/<uuid:key>/erase/", site.admin_view(erase_page), name="person_erase"),
        path("people/<uuid:key>/sessions/", site.admin_view(sessions_of_person), name="sessions_of"),
        path("people/<uuid:key>/sessions/revoke/", site.admin_view(revoke_session_of), name="revoke_session_of"),
        path("integrations/<uuid:key>/", site.admin_view(integration_page), name="integration"),
        path("integrations/<uuid:key>/check/", site.admin_view(check_integration), name="integration_check"),
        path("badges/", site.admin_view(badges), name="badges"),
        path("security/", site.admin_view(security_page), name="security"),
        path("security/email/", site.admin_view(change_email), name="change_email"),
        path("security/email/verify/", site.admin_view(verify_email), name="verify_email"),
        path("security/sessions/revoke/", site.admin_view(revoke_session), name="revoke_session"),
        path("profile/", site.admin_view(profile), name="profile"),
    ]
