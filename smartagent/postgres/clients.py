"""Roles of a database that also serves the web: whoever may create tables there may have granted them each new one."""

# Those of the old application's interface, and the account that it connects as to take one of them.
CLIENTS = ("anon", "authenticated", "service_role", "authenticator")
