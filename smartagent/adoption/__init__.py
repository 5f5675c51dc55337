"""Migration operations that create a model's table, or complete the one that is there.

    CreateOrCompleteModel(name="Notification", fields=[...], options={"db_table": "notifications"},
                          widen={"type": ["alert", "notify"]})

1. `introspection` reads the existing table into frozen values; 2. `plan` lists the changes it needs, `undo` the changes
that revert them, both without a database; 3. `statements` writes each change as SQL; 4. `operations` runs and logs it.
Objects that Smart Agent adds carry a mark in the database (`ownership_marks`): only these are removed on the way back.
"""

from smartagent.adoption.introspection import OPEN_VOCABULARY
from smartagent.adoption.operations import CreateOrCompleteModel

__all__ = ["OPEN_VOCABULARY", "CreateOrCompleteModel"]
