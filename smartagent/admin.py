"""The lists of the shell's own tables; each in a file of its own."""

from smartagent.people_admin import UserAdmin
from smartagent.tokens_admin import APITokenAdmin

__all__ = ["APITokenAdmin", "UserAdmin"]
