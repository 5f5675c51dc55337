"""The reconnection of the demo to an example platform that was started anew: it has other addresses and tokens."""

from collections.abc import Sequence
from datetime import datetime

from notifications.models import Channel
from rules.models import Integration
from smartagent.demo.incidents.on_call import CHANNEL, connect_pager
from smartagent.demo.platform.connection import PLATFORM_MARK, settings_of
from smartagent.demo.platform.server import Running
from smartagent.kernel.sealing import seal


def reconnect(platform: Running, now: datetime) -> Sequence[Integration]:
    """Give the demo's integrations, and its pager, the new addresses and tokens; status and interval stay. Return the
    integrations."""
    services = platform.platform.services
    rows = list(Integration.objects.filter(config__has_key=PLATFORM_MARK))
    for row in rows:
        config, service = dict(row.config or {}), services[config_name(row)]
        interval = {name: config[name] for name in ("sync_interval_minutes",) if name in config}
        row.config = config | settings_of(service, platform.address) | interval
        row.credentials_encrypted = seal(service.credentials())
        row.save(update_fields=["config", "credentials_encrypted"])
    for channel in Channel.objects.filter(name=CHANNEL, kind="webhook").select_related("user"):
        connect_pager(channel.user, services["pager"], platform.address, now)
    return rows


def config_name(row: Integration) -> str:
    """The service of the platform that an integration stands on."""
    return str((row.config or {})[PLATFORM_MARK])
