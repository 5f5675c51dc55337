"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/", include(("smartagent.api", "api"))),
    path("", admin.site.urls),
]
