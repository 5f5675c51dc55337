"""The lists of the shell's own tables; each in a file of its own."""

from smartagent.accounts.people_admin import UserAdmin
from smartagent.accounts.service_accounts_admin import ServiceAccountAdmin
from smartagent.accounts.tokens_admin import APITokenAdmin

__all__ = ["APITokenAdmin", "ServiceAccountAdmin", "UserAdmin"]
