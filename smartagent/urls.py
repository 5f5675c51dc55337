"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

from smartagent import accounts

urlpatterns = [
    path("api/", include(("smartagent.api", "api"))),
    *accounts.urlpatterns,
    path("", admin.site.urls),
]
