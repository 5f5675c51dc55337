"""Django's admin with our site as the default one."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "smartagent.shell.site.Site"
