"""Django's admin app with `shell.site.Site` as the default site."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "smartagent.shell.site.Site"
