"""The data source that an import names: stored already, or created by the file that is written."""

from rules.models import DataSource
from rules.prometheus.imported import DEFAULT_ADDRESS, TargetSource


def target_named(name: str, address: str = "") -> TargetSource | None:
    """The data source of an import; None without a name. One that does not exist gets an address in the file."""
    if not name:
        return None
    exists = DataSource.objects.filter(name=name).exists()
    return TargetSource(name=name, address=address or ("" if exists else DEFAULT_ADDRESS))
