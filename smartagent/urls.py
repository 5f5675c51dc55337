"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

from smartagent.accounts import sign_in

handler400 = "smartagent.shell.error_pages.bad_request"
handler403 = "smartagent.shell.error_pages.denied"
handler404 = "smartagent.shell.error_pages.not_found"
handler500 = "smartagent.shell.error_pages.broken"

urlpatterns = [
    path("api/", include(("smartagent.api_urls", "api"))),
    path("links/", include("notifications.urls")),
    *sign_in.urlpatterns,
    path("", admin.site.urls),
]
