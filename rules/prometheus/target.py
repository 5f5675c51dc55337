"""The data source that an import names: stored already, or created by the file that is written."""

from django.db import OperationalError, ProgrammingError, transaction

from rules.models import DataSource
from rules.prometheus.imported import DEFAULT_ADDRESS, TargetSource


def target_named(name: str, address: str = "") -> TargetSource | None:
    """The data source of an import; None without a name. One that does not exist gets an address in the file."""
    if not name:
        return None
    return TargetSource(name=name, address=address or ("" if _exists(name) else DEFAULT_ADDRESS))


def _exists(name: str) -> bool:
    """Whether it is stored; not, where there is no database yet: a file can be converted without one."""
    try:
        with transaction.atomic():
            return DataSource.objects.filter(name=name).exists()
    except (OperationalError, ProgrammingError):
        return False
