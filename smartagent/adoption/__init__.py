"""Migration operations that create a model's table, or complete the one that is there.

    CreateOrCompleteModel(name="Notification", fields=[...], options={"db_table": "notifications"},
                          widen={"type": ["alert", "notify"]})

1. `found` looks at what is there, as frozen values; 2. `plan` decides what to change, and `undo` what to take
away again, without a database; 3. `statements` writes each change as SQL; 4. `operations` runs it, and says
so. What is ours is marked in the database itself (`ledger`): going back takes away only that.
"""

from smartagent.adoption.introspection import OPEN_VOCABULARY
from smartagent.adoption.operations import CreateOrCompleteModel

__all__ = ["OPEN_VOCABULARY", "CreateOrCompleteModel"]
