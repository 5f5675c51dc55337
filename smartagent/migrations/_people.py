"""How people of the old application become known here, and ours there. Frozen with the migration.

`account` is a row of auth.users and `profile` one of profiles, as JSON: a column that is not there reads as nothing.
"""

from smartagent.adoption.sync.writers import record_failure

OURS = "->'raw_app_meta_data'->>'provider' = 'smart-agent'"

# What we take over of a person. Their hash is one that Django reads behind the name of the algorithm; anything else
# lets nobody in. Only `profiles` and raw_app_meta_data say who is what: people write their own raw_user_meta_data.
PERSON_OF = """
DECLARE
    hash text := account->>'encrypted_password';
    address text := lower(btrim(coalesce(account->>'email', '')));
    about jsonb := account->'raw_user_meta_data';
    roles text[] := ARRAY[lower(btrim(profile->>'role')), lower(btrim(account->'raw_app_meta_data'->>'role'))];
    is_owner boolean := coalesce(profile->>'is_platform_admin' = 'true', false)
                        OR coalesce('platform_admin' = ANY(roles), false);
BEGIN
    IF address NOT LIKE '%_@_%' OR length(address) > 254 OR address ~ '[[:cntrl:][:space:]]'
       OR address ~ '[\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]' THEN
        address := (account->>'id') || '@without-email.invalid';
    END IF;
    hash := CASE WHEN hash LIKE '$2%' THEN 'bcrypt$' || hash WHEN hash LIKE '$argon2%' THEN 'argon2' || hash END;
    IF hash IS NULL OR length(hash) > 128 THEN
        hash := '!' || md5(account->>'id');
    END IF;
    RETURN jsonb_build_object(
        'email', address,
        'password', hash,
        'full_name', left(coalesce(nullif(btrim(profile->>'full_name'), ''), nullif(btrim(about->>'full_name'), ''),
                                   nullif(btrim(about->>'name'), ''), ''), 200),
        'is_staff', is_owner OR coalesce('admin' = ANY(roles), false),
        'is_superuser', is_owner,
        'is_operator', coalesce('operator' = ANY(roles), false),
        'is_verified', coalesce(account->'email_confirmed_at' <> 'null', true),
        'is_active', account->>'deleted_at' IS NULL
                     AND coalesce((account->>'banned_until')::timestamptz < now(), true));
END
"""

PROFILE_OF = """
DECLARE
    profile jsonb;
BEGIN
    IF to_regclass('profiles') IS NOT NULL THEN
        EXECUTE 'SELECT to_jsonb(p) FROM profiles p WHERE p.id = $1' INTO profile USING person;
    END IF;
    RETURN coalesce(profile, '{}');
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The profile of ' || person || ' cannot be read', SQLERRM);
    RETURN '{}';
END
"""

# Only what has changed there is changed here: what was changed here alone stays. Of two people with one e-mail, the
# second gets an address that nobody can have, until the first one's is free: that an e-mail is the same gives nobody the
# account, the roles or the things of another. Who may not sign in any more gives the e-mail up, and nothing else.
CHANGE_PERSON = """
DECLARE
    substitute text := person || '@same-email.invalid';
    changed jsonb := (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(after)
                      WHERE value IS DISTINCT FROM before->key);
    power text;
BEGIN
    FOREACH power IN ARRAY ARRAY['is_staff', 'is_superuser', 'is_operator'] LOOP
        IF changed->>power = 'true' AND NOT smartagent_may_promote(person, power) THEN
            after := after || jsonb_build_object(power, false);
            changed := changed - power;
        END IF;
    END LOOP;
    IF changed = '{}' THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM smartagent_users u WHERE u.id = person AND u.email = substitute) THEN
        changed := changed || jsonb_build_object('email', after->'email');
    END IF;
    IF changed ? 'email' AND after->>'is_active' = 'true' AND after->>'is_verified' = 'true' THEN
        UPDATE smartagent_users u SET email = u.id || '@former.invalid'
        WHERE lower(u.email) = after->>'email' AND u.id <> person AND NOT u.is_active;
    END IF;
    LOOP
        BEGIN
            INSERT INTO smartagent_users AS known
                   (id, email, password, full_name, is_staff, is_superuser, is_active, date_joined)
            SELECT person, email, password, full_name, is_staff, is_superuser, is_active, joined
            FROM jsonb_populate_record(NULL::smartagent_users, after)
            ON CONFLICT (id) DO UPDATE SET (email, password, full_name, is_staff, is_superuser, is_active) =
                (SELECT it.email, it.password, it.full_name, it.is_staff, it.is_superuser, it.is_active
                 FROM jsonb_populate_record(known, changed) it);
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            IF after->>'email' = substitute THEN
                RAISE;
            END IF;
            after := after || jsonb_build_object('email', substitute);
            IF changed ? 'email' THEN
                changed := changed || jsonb_build_object('email', substitute);
            END IF;
        END;
    END LOOP;
    IF before = '{}' OR changed ? 'is_staff' OR changed ? 'is_operator' THEN
        INSERT INTO auth_group (name) VALUES ('members'), ('operators'), ('administrators') ON CONFLICT DO NOTHING;
        INSERT INTO smartagent_users_groups (user_id, group_id)
        SELECT person, g.id FROM auth_group g
        WHERE (g.name = 'members' AND before = '{}')
           OR (g.name = 'operators' AND changed->>'is_operator' = 'true')
           OR (g.name = 'administrators' AND changed->>'is_staff' = 'true')
        ON CONFLICT DO NOTHING;
        DELETE FROM smartagent_users_groups m USING auth_group g
        WHERE m.user_id = person AND g.id = m.group_id
          AND ((g.name = 'operators' AND changed->>'is_operator' = 'false')
            OR (g.name = 'administrators' AND changed->>'is_staff' = 'false'));
    END IF;
END
"""

IMPORT_PERSON = f"""
DECLARE
    account jsonb;
BEGIN
    SELECT to_jsonb(u) INTO account FROM auth.users u WHERE u.id = person;
    IF account IS NULL OR account{OURS} THEN
        RETURN false;
    END IF;
    PERFORM smartagent_change_person(
        person, '{{}}', smartagent_person_of(account, smartagent_profile_of(person)),
        coalesce((account->>'created_at')::timestamptz, now()));
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The person ' || person || ' of the old application is not known here', SQLERRM);
    RETURN false;
END
"""

FOLLOW_ACCOUNT = f"""
DECLARE
    profile jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE smartagent_users SET is_active = false WHERE id = OLD.id AND (to_jsonb(OLD){OURS}) IS NOT TRUE;
    ELSIF to_jsonb(NEW){OURS} THEN
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' OR NOT EXISTS (SELECT FROM smartagent_users WHERE id = NEW.id) THEN
        PERFORM smartagent_import_person(NEW.id);
    ELSE
        profile := smartagent_profile_of(NEW.id);
        PERFORM smartagent_change_person(NEW.id, smartagent_person_of(to_jsonb(OLD), profile),
                                         smartagent_person_of(to_jsonb(NEW), profile), now());
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The person ' || coalesce(NEW.id, OLD.id) || ' is not updated here', SQLERRM);
    RETURN NULL;
END
"""

FOLLOW_PROFILE = f"""
DECLARE
    before jsonb := '{{}}';
    after jsonb := '{{}}';
    person uuid;
    account jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := to_jsonb(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        after := to_jsonb(NEW);
    END IF;
    person := coalesce(after->>'id', before->>'id')::uuid;
    SELECT to_jsonb(u) INTO account FROM auth.users u WHERE u.id = person;
    IF account IS NULL OR account{OURS} THEN
        RETURN NULL;
    ELSIF NOT EXISTS (SELECT FROM smartagent_users WHERE id = person) THEN
        PERFORM smartagent_import_person(person);
    ELSE
        PERFORM smartagent_change_person(person, smartagent_person_of(account, before),
                                         smartagent_person_of(account, after), now());
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The person ' || coalesce(person::text, '?') || ' is not updated here', SQLERRM);
    RETURN NULL;
END
"""

# What a trigger could not do fails no statement of theirs: it is an entry of the activity log, once an hour.
RECORD_FAILURE = """
DECLARE
    words text := problem || ': ' || reason;
BEGIN
    RAISE WARNING 'Smart Agent: %', words;
    INSERT INTO agent_activity_log (agent_name, event_type, action_taken, context, status, error_message)
    SELECT 'smart_agent', 'sync_failed', 'none', '{}', 'failed', words
    WHERE NOT EXISTS (SELECT FROM agent_activity_log WHERE status = 'failed' AND event_type = 'sync_failed'
                      AND error_message = words AND created_at > now() - interval '1 hour');
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: the activity log cannot be written: %', SQLERRM;
END
"""

# Of a person of ours there: the e-mail that they have here, unless somebody there has it; else none, or where that is
# refused one that nobody can have.
EMAIL_OF = """
BEGIN
    RETURN ARRAY[CASE WHEN address NOT LIKE '%.invalid'
                       AND NOT EXISTS (SELECT FROM auth.users u WHERE u.email IN (address, lower(address))
                                       AND u.id <> person) THEN address END,
                 NULL, person || '@smart-agent.invalid'];
END
"""

SET_EMAIL = """
DECLARE
    target text;
    wanted text;
    refusal text;
BEGIN
    FOREACH target IN ARRAY ARRAY['auth.users', 'profiles'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(target)
                                  AND a.attname = 'email' AND NOT a.attisdropped AND a.attgenerated = '');
        FOREACH wanted IN ARRAY smartagent_email_of(person, address) LOOP
            BEGIN
                EXECUTE format('UPDATE %s SET email = $1 WHERE id = $2 AND email IS DISTINCT FROM $1',
                               to_regclass(target)) USING wanted, person;
                refusal := NULL;
                EXIT;
            EXCEPTION WHEN OTHERS THEN
                refusal := SQLERRM;
            END;
        END LOOP;
        IF refusal IS NOT NULL THEN
            PERFORM smartagent_record_failure('The e-mail of ' || person || ' stays as it is in ' || target, refusal);
        END IF;
    END LOOP;
END
"""

# A person of ours gets a row there, so that rows about them may be written to tables that refer to it: with the
# e-mail, and should anything of theirs refuse that, without.
INTRODUCE_PERSON = """
DECLARE
    account jsonb := jsonb_build_object(
        'id', person, 'created_at', now(), 'updated_at', now(),
        'raw_app_meta_data', jsonb_build_object('provider', 'smart-agent'));
    columns text;
    wanted text;
    refusal text;
BEGIN
    IF EXISTS (SELECT FROM auth.users u WHERE u.id = person) THEN
        RETURN true;
    END IF;
    SELECT string_agg(attname, ', ') INTO columns FROM pg_attribute
    WHERE attrelid = 'auth.users'::regclass AND NOT attisdropped AND attgenerated = ''
      AND attname IN ('id', 'email', 'raw_app_meta_data', 'created_at', 'updated_at');
    FOREACH wanted IN ARRAY smartagent_email_of(person, address) LOOP
        BEGIN
            EXECUTE format('INSERT INTO auth.users (%1$s) SELECT %1$s FROM jsonb_populate_record(NULL::auth.users, $1)',
                           columns) USING account || jsonb_build_object('email', wanted);
            RETURN true;
        EXCEPTION WHEN OTHERS THEN
            refusal := SQLERRM;
        END;
    END LOOP;
    RAISE EXCEPTION '%', refusal;
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The old application does not know the person ' || person, SQLERRM);
    RETURN false;
END
"""

INTRODUCE = """
BEGIN
    PERFORM smartagent_introduce_person(NEW.id, NEW.email);
    RETURN NULL;
END
"""

# A person of ours has another e-mail, or is deleted: what we made known there follows. An e-mail that is free now goes
# to whoever of theirs waits for it, also where its holder was deactivated.
FOLLOW_PERSON = f"""
DECLARE
    is_ours boolean := EXISTS (SELECT FROM auth.users u WHERE u.id = OLD.id AND to_jsonb(u){OURS});
    waiting uuid;
BEGIN
    IF TG_OP = 'DELETE' AND is_ours THEN
        IF to_regclass('profiles') IS NOT NULL THEN
            EXECUTE 'DELETE FROM profiles WHERE id = $1' USING OLD.id;
        END IF;
        DELETE FROM auth.users u WHERE u.id = OLD.id;
    ELSIF TG_OP = 'UPDATE' AND is_ours AND NEW.email <> OLD.email THEN
        PERFORM smartagent_set_email(OLD.id, NEW.email);
    END IF;
    IF OLD.email LIKE '%.invalid' OR TG_OP = 'UPDATE' AND NEW.email = OLD.email AND NEW.is_active THEN
        RETURN NULL;
    END IF;
    SELECT s.id INTO waiting FROM smartagent_users s JOIN auth.users u ON u.id = s.id
    WHERE s.email LIKE '%@same-email.invalid' AND s.is_active AND lower(btrim(u.email)) = lower(OLD.email)
      AND to_jsonb(u)->'email_confirmed_at' IS DISTINCT FROM 'null'
    ORDER BY s.id LIMIT 1;
    IF waiting IS NULL THEN
        RETURN NULL;
    ELSIF TG_OP = 'UPDATE' AND NEW.email = OLD.email THEN
        UPDATE smartagent_users s SET email = s.id || '@former.invalid' WHERE s.id = OLD.id;
    ELSE
        UPDATE smartagent_users s SET email = lower(OLD.email) WHERE s.id = waiting;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The old application does not follow the person ' || OLD.id, SQLERRM);
    RETURN NULL;
END
"""

# Somebody there takes the e-mail of a person whom we have made known there: it is theirs, there. Here nothing changes.
FREE_EMAIL = f"""
DECLARE
    holder uuid;
BEGIN
    FOR holder IN
        SELECT u.id FROM auth.users u
        WHERE u.id IN (SELECT s.id FROM smartagent_users s WHERE lower(s.email) = lower(address)
                       UNION SELECT a.id FROM auth.users a WHERE a.email = address)
          AND u.id <> keeper AND to_jsonb(u){OURS}
    LOOP
        PERFORM smartagent_set_email(holder, NULL);
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    PERFORM smartagent_record_failure('The e-mail of a person who was created here is not free there', SQLERRM);
END
"""

YIELD_EMAIL = f"""
BEGIN
    IF NEW.email IS NOT NULL AND (to_jsonb(NEW){OURS}) IS NOT TRUE THEN
        PERFORM smartagent_free_email(NEW.email, NEW.id);
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    {record_failure("'The e-mail of a person who was created here is not free there'")}
    RETURN NEW;
END
"""

YIELD_PROFILE_EMAIL = f"""
DECLARE
    before jsonb := '{{}}';
    after jsonb := to_jsonb(NEW);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
    END IF;
    IF after->>'email' IS NOT NULL AND after->>'email' IS DISTINCT FROM before->>'email' THEN
        PERFORM smartagent_free_email(after->>'email', (after->>'id')::uuid);
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    {record_failure("'The e-mail of a person who was created here is not free there'")}
    RETURN NEW;
END
"""
