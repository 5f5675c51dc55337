"""Who may make administrators by writing to the old application's tables. Frozen with the migration."""

from smartagent.adoption.writers import CLAIMED, IS_OURS, WRITER

# Profiles are often their owners' to write, and what a sign-up says becomes one: what makes somebody an administrator is
# followed where the old application's own functions write it, or somebody with such rights here.
MAY_PROMOTE = f"""
DECLARE
    who text := CASE {WRITER} WHEN 'authenticated' THEN {CLAIMED} END;
BEGIN
    IF {IS_OURS} OR {WRITER} = 'service_role' THEN
        RETURN true;
    END IF;
    RETURN EXISTS (
        SELECT FROM smartagent_users u
         WHERE u.id::text = who AND u.id <> person AND u.is_active
           AND CASE what WHEN 'is_superuser' THEN u.is_superuser ELSE u.is_staff OR u.is_superuser END);
END
"""
