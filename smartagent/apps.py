"""The project as an app: people, the shell, and what is synchronised with every `migrate`."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Tags, register
from django.core.management import get_commands
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string


class SmartAgentConfig(AppConfig):
    name = "smartagent"
    verbose_name = "Smart Agent"

    def ready(self) -> None:
        # Ours do more. Without this, those of the app that comes first in INSTALLED_APPS would be taken.
        get_commands().update(dict.fromkeys(("changepassword", "createsuperuser", "qcluster"), self.name))
        import_string("smartagent.shell.list_headers.make_once")()
        checks = import_string("smartagent.legacy_api.checks.check_tokens")
        register(checks, Tags.security, deploy=True)
        register(import_string("rules.audit.checks.check_audit_key"), Tags.security, deploy=True)
        register(import_string("smartagent.accounts.checks.check_sign_in"), Tags.security)
        register(import_string("smartagent.setup.task_broker.check_broker"), Tags.async_support)
        register(import_string("smartagent.adoption.checks.check_pool"), Tags.database)
        if settings.TRACES:
            import_string("smartagent.setup.traces.start")(settings.SPECTACULAR_SETTINGS["VERSION"])
        import_string("rules.evaluation.clock_changes.clock_was_ahead").connect(
            import_string("smartagent.setup.schedules.pull_back"), dispatch_uid="smartagent.setup.schedules"
        )
        post_migrate.connect(
            import_string("smartagent.setup.post_migrate.synchronise"), dispatch_uid="smartagent.setup.post_migrate"
        )
