"""Migration operations that create a model's table, or complete the one that is there.

    CreateOrCompleteModel(name="Notification", fields=[...], options={"db_table": "notifications"},
                          widen={"type": ["alert", "notify"]})

1. `found` looks at what is there, as frozen values; 2. `plan` decides what to change, without a database;
3. `statements` writes each change as SQL; 4. `operations` runs it, and says so; 5. `ledger` marks what is
ours in the database itself, so that going back takes away only that.
"""

from smartagent.adoption.operations import CreateOrCompleteModel

__all__ = ["CreateOrCompleteModel"]
