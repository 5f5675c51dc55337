"""The people of the old application: its schema `auth`, and their profiles."""

import bcrypt

ALICE, BEN, CAROL, DORA, EMIL, FAY, GUS = (f"00000000-0000-0000-0000-00000000000{n}" for n in range(1, 8))
PASSWORD = "open sesame 7"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()

AUTH = f"""
CREATE SCHEMA auth;
CREATE TABLE auth.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text, encrypted_password text, raw_user_meta_data jsonb,
    raw_app_meta_data jsonb, last_sign_in_at timestamptz, created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now());
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('request.jwt.claim.role', true), '') $$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
INSERT INTO auth.users (id, email, encrypted_password, raw_user_meta_data, created_at) VALUES
    ('{ALICE}', 'alice@old.example', '{HASH}', '{{"full_name": "Alice Old"}}', '2024-01-01'),
    ('{BEN}', 'ben@old.example', '{HASH}', NULL, '2024-01-02'),
    ('{CAROL}', 'carol@old.example', '{HASH}', NULL, '2024-01-03'),
    ('{DORA}', 'dora@old.example', '{HASH}', NULL, '2024-01-04'),
    ('{EMIL}', 'emil@old.example', '{HASH}', '{{"full_name": "Emil Old"}}', '2024-01-05'),
    ('{FAY}', NULL, NULL, NULL, '2024-01-06'),
    ('{GUS}', 'Alice@OLD.example', '{HASH}', NULL, '2024-01-07');
"""
# Roles are of the whole server; another test, or another worker, may have made them.
ROLES = "".join(
    f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN {more}; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;"
    for role, more in (("anon", ""), ("authenticated", ""), ("service_role", "BYPASSRLS"))
)
GRANTS = """
GRANT USAGE ON SCHEMA legacy TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA legacy GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA legacy GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
"""
COLUMNS = """id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE, email text, full_name text,
             role text DEFAULT 'user'"""
TIMES = "created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now()"
ROWS = f"""
INSERT INTO profiles (id, email, full_name, role) VALUES
    ('{ALICE}', 'alice@old.example', 'Alice Profile', 'user'), ('{BEN}', 'ben@old.example', 'Ben', 'manager'),
    ('{CAROL}', 'carol@old.example', 'Carol', 'admin'), ('{DORA}', 'dora@old.example', 'Dora', 'user'),
    ('{FAY}', NULL, 'Fay', 'user'), ('{GUS}', 'Alice@OLD.example', 'Gus', NULL);
"""
PROFILES = {
    "with owners": f"""CREATE TABLE profiles ({COLUMNS}, is_platform_admin boolean DEFAULT false, {TIMES}); {ROWS}
                       UPDATE profiles SET is_platform_admin = true WHERE id = '{DORA}';""",
    "without owners": f"CREATE TABLE profiles ({COLUMNS}, {TIMES}); {ROWS}",
    "none": "",
}
