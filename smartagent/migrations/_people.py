"""How people of the old application become known here, and ours there. Frozen with the migration.

`account` is a row of auth.users and `profile` one of profiles, as JSON: a column that is not there reads as nothing.
"""

OURS = "->'raw_app_meta_data'->>'provider' = 'smart-agent'"

# What we take over of a person. Their hash is one that Django reads behind the name of the algorithm; anything else
# lets nobody in. Only `profiles` says who is an administrator: people write their own raw_user_meta_data.
PERSON_OF = """
DECLARE
    hash text := account->>'encrypted_password';
    address text := lower(btrim(coalesce(account->>'email', '')));
    about jsonb := account->'raw_user_meta_data';
    is_owner boolean := coalesce(profile->>'is_platform_admin' = 'true', false);
BEGIN
    IF address NOT LIKE '%_@_%' OR length(address) > 254 THEN
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
        'is_staff', is_owner OR coalesce(profile->>'role' = 'admin', false),
        'is_superuser', is_owner,
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
    RAISE WARNING 'Smart Agent: the profile of % cannot be read: %', person, SQLERRM;
    RETURN '{}';
END
"""

# Only what has changed there is changed here: what was changed here alone stays. Of two people with one e-mail, the
# second gets an address that nobody can have, until theirs changes.
CHANGE_PERSON = """
DECLARE
    substitute text := person || '@same-email.invalid';
    changed jsonb := (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(after)
                      WHERE value IS DISTINCT FROM before->key);
    power text;
BEGIN
    FOREACH power IN ARRAY ARRAY['is_staff', 'is_superuser'] LOOP
        IF changed->>power = 'true' AND NOT smartagent_may_promote(person, power) THEN
            after := after || jsonb_build_object(power, false);
            changed := changed - power;
        END IF;
    END LOOP;
    IF changed = '{}' THEN
        RETURN;
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
    IF before = '{}' OR changed ? 'is_staff' THEN
        INSERT INTO auth_group (name) VALUES ('members'), ('administrators') ON CONFLICT DO NOTHING;
        INSERT INTO smartagent_users_groups (user_id, group_id)
        SELECT person, g.id FROM auth_group g
        WHERE (g.name = 'members' AND before = '{}') OR (g.name = 'administrators' AND changed->>'is_staff' = 'true')
        ON CONFLICT DO NOTHING;
        DELETE FROM smartagent_users_groups m USING auth_group g
        WHERE m.user_id = person AND g.id = m.group_id AND g.name = 'administrators'
          AND changed->>'is_staff' = 'false' AND before <> '{}';
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
    RAISE WARNING 'Smart Agent: person % is not known here: %', person, SQLERRM;
    RETURN false;
END
"""

FOLLOW_ACCOUNT = f"""
DECLARE
    profile jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE smartagent_users SET is_active = false WHERE id = OLD.id;
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
    RAISE WARNING 'Smart Agent: a person has not changed here: %', SQLERRM;
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
    RAISE WARNING 'Smart Agent: a person has not changed here: %', SQLERRM;
    RETURN NULL;
END
"""

# A person of ours gets a row there, so that rows about them may be written to tables that refer to it. First with the
# e-mail, where nobody has it; and should anything of theirs refuse that, with the least there can be.
INTRODUCE_PERSON = """
DECLARE
    account jsonb := jsonb_build_object(
        'id', person, 'created_at', now(), 'updated_at', now(),
        'raw_app_meta_data', jsonb_build_object('provider', 'smart-agent'),
        'email', CASE WHEN address NOT LIKE '%.invalid'
                       AND NOT EXISTS (SELECT FROM auth.users u WHERE lower(u.email) = lower(address)) THEN address END);
    columns text;
BEGIN
    IF EXISTS (SELECT FROM auth.users u WHERE u.id = person) THEN
        RETURN true;
    END IF;
    SELECT string_agg(attname, ', ') INTO columns FROM pg_attribute
    WHERE attrelid = 'auth.users'::regclass AND NOT attisdropped AND attgenerated = ''
      AND attname IN ('id', 'email', 'raw_app_meta_data', 'created_at', 'updated_at');
    BEGIN
        EXECUTE format('INSERT INTO auth.users (%1$s) SELECT %1$s FROM jsonb_populate_record(NULL::auth.users, $1)',
                       columns) USING account;
    EXCEPTION WHEN OTHERS THEN
        INSERT INTO auth.users (id, raw_app_meta_data) VALUES (person, account->'raw_app_meta_data');
    END;
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: the old application does not know person %: %', person, SQLERRM;
    RETURN false;
END
"""

INTRODUCE = """
BEGIN
    PERFORM smartagent_introduce_person(NEW.id, NEW.email);
    RETURN NULL;
END
"""

# Somebody signs up there with the e-mail of a person whom we have made known there: it is theirs.
YIELD_EMAIL = f"""
BEGIN
    IF NEW.email IS NOT NULL AND (to_jsonb(NEW){OURS}) IS NOT TRUE THEN
        UPDATE auth.users u SET email = NULL
        WHERE u.email = NEW.email AND u.id <> NEW.id AND to_jsonb(u){OURS};
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: an e-mail is not given back: %', SQLERRM;
    RETURN NEW;
END
"""
