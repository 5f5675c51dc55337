"""Who writes: an application of ours, or a client of the old one. As SQL, for functions that triggers call.

Such a function runs with our rights, so `current_user` says nothing. `role` is what the connection has taken by SET
ROLE, as the old application's interface does for each request, also within functions that run with other rights.
"""

from smartagent.postgres.clients import CLIENTS

_NAMES = ", ".join(f"'{name}'" for name in CLIENTS)
WRITER = "(CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END)"

# Ours is who may write the people of this application, a table that clients never may; clients are never ours,
# whatever somebody has granted them.
IS_OURS = f"""({WRITER} NOT IN ({_NAMES})
        AND has_table_privilege(({WRITER})::name, to_regclass('smartagent_users'), 'INSERT') IS TRUE)"""

# Whose token the request came with, in both forms of the old application's interface.
CLAIMED = """coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                      nullif(current_setting('request.jwt.claims', true), '')::jsonb->>'sub')"""
