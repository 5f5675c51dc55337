"""Members' requests run as a role that sees their own rows only: a mistake in a query of ours leaks nothing.

Where the account may neither make nor take the role, nothing is changed and `manage.py doctor` says so.
"""

from django.db import migrations

from smartagent.adoption.sync.row_security import MakeMemberHelper, MakeRole, SecureRows
from smartagent.migrations import _policies


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("smartagent", "0002_people_of_the_old_application"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("rules", "0001_initial"),
        ("notifications", "0002_delivery"),
        ("optimizer", "0001_initial"),
        ("django_q", "0018_task_success_index"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        MakeRole(),
        *(MakeMemberHelper(name, (), "uuid[]", body) for name, body in _policies.HELPERS.items()),
        *(SecureRows(table, visible) for table, visible in _policies.VISIBLE.items()),
        *(SecureRows(table, _policies.OWN, reads_only=True) for table in _policies.OWN_TO_READ),
        *(SecureRows(table, reads_only=True) for table in _policies.READ_ONLY),
        *(SecureRows(table) for table in _policies.SHARED),
    ]
