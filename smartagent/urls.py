"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path, re_path

from rules.api.protocols.influx import FirstLineProtocolView
from rules.api.protocols.otlp import MetricsView
from smartagent.accounts import email_pages, second_factor_pages, sign_in, single_sign_on
from smartagent.monitoring.scraping import ScrapeView
from smartagent.rest.nowhere import NowhereView

handler400 = "smartagent.shell.error_pages.bad_request"
handler403 = "smartagent.shell.error_pages.denied"
handler404 = "smartagent.shell.error_pages.not_found"
handler500 = "smartagent.shell.error_pages.broken"

urlpatterns = [
    path("api/", include(("smartagent.api_urls", "api"))),
    path("write", FirstLineProtocolView.as_view(), name="influx-write"),
    path("v1/metrics", MetricsView.as_view(), name="otlp-metrics"),
    path("metrics", ScrapeView.as_view(), name="metrics"),
    path("", include("smartagent.legacy_api.urls")),
    re_path(r"^(?:api|v1|functions|rest)(?:/[\s\S]*)?$", NowhereView.as_view()),
    path("links/", include("notifications.urls")),
    *sign_in.urlpatterns,
    *second_factor_pages.urlpatterns,
    *email_pages.urlpatterns,
    *single_sign_on.urlpatterns,
    path("", admin.site.urls),
]
