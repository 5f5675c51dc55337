"""The writer of a row, Smart Agent or a client of the old application, as SQL for trigger functions.

In a SECURITY DEFINER function `current_user` is its owner. The setting `role` is still the role that the connection
took by SET ROLE, as the old application's interface does for each request.
"""

from smartagent.postgres.clients import CLIENTS

_NAMES = ", ".join(f"'{name}'" for name in CLIENTS)
WRITER = "(CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END)"

# Ours is who may write the people of this application, a table that clients never may; clients are never ours,
# whatever somebody has granted them.
WRITTEN_BY_US = f"""({WRITER} NOT IN ({_NAMES})
        AND has_table_privilege(({WRITER})::name, to_regclass('smartagent_users'), 'INSERT') IS TRUE)"""

# Rows are being filled in by our migration: what clients set makes no difference.
IS_BACKFILL = f"(current_setting('smartagent.backfill', true) = 'on' AND {WRITTEN_BY_US})"

# Whose token the request came with, in both forms of the old application's interface.
CLAIMED = """coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                      nullif(current_setting('request.jwt.claims', true), '')::jsonb->>'sub')"""


def record_failure(problem: str) -> str:
    """Return PL/pgSQL for an exception handler, which writes `problem` (a SQL expression) to the activity log.

    It never raises, not even if the function that it calls is missing.
    """
    return f"""BEGIN
        PERFORM smartagent_record_failure({problem}, SQLERRM);
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'Smart Agent: %: %', {problem}, SQLERRM;
    END;"""
