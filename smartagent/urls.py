"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

from smartagent import accounts

handler400 = "smartagent.errors.bad_request"
handler403 = "smartagent.errors.denied"
handler404 = "smartagent.errors.not_found"
handler500 = "smartagent.errors.broken"

urlpatterns = [
    path("api/", include(("smartagent.api", "api"))),
    path("links/", include("notifications.urls")),
    *accounts.urlpatterns,
    path("", admin.site.urls),
]
