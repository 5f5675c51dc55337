"""Storage settings of tables whose rows change often; see `_storage`."""

from django.db import migrations

from smartagent.migrations import _storage


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("smartagent", "0003_row_level_security")]

    operations = [*_storage.OPERATIONS]
