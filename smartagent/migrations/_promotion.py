"""Who may make administrators by writing to the old application's tables. Frozen with the migration."""

from smartagent.adoption.sync.writers import CLAIMED, WRITER, WRITTEN_BY_US

# Profiles are often their owners' to write, and what a sign-up says becomes one: what makes somebody an administrator or
# an operator is followed where the old application's own functions write it, or somebody with such rights here, or
# where raw_app_meta_data says it, which people cannot write.
MAY_PROMOTE = f"""
DECLARE
    who text := CASE {WRITER} WHEN 'authenticated' THEN {CLAIMED} END;
BEGIN
    IF {WRITTEN_BY_US} OR {WRITER} = 'service_role' THEN
        RETURN true;
    END IF;
    IF EXISTS (
        SELECT FROM auth.users a
         WHERE a.id = person AND lower(btrim(to_jsonb(a)->'raw_app_meta_data'->>'role')) = ANY (
               CASE what WHEN 'is_superuser' THEN ARRAY['platform_admin'] WHEN 'is_operator' THEN ARRAY['operator']
                    ELSE ARRAY['admin', 'platform_admin'] END)) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (
        SELECT FROM smartagent_users u
         WHERE u.id::text = who AND u.id <> person AND u.is_active
           AND CASE what WHEN 'is_superuser' THEN u.is_superuser ELSE u.is_staff OR u.is_superuser END);
END
"""
