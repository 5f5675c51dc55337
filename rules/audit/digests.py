"""The digest of an entry, as SQL over its row `l`: 32 bytes of what happened, then 8 each of its person, rule and run.

A person, rule or run that is deleted leaves the entry without it, so these are digested by themselves. No text depends
on settings of the connection.
"""

WHAT_SIZE, REFERENCE_SIZE = 32, 8
REFERENCES = ("user_id", "rule_id", "run_id")


def _reference(name: str) -> str:
    text = f"l.id::text || ' {name} ' || coalesce(l.{name}::text, '')"
    return f"substr(sha256(convert_to({text}, 'UTF8')), 1, {REFERENCE_SIZE})"


def _utc(name: str) -> str:
    return f"l.{name}::timestamptz AT TIME ZONE 'UTC'"


WHAT_DIGEST = f"""sha256(convert_to(jsonb_build_array(
    l.id, l.agent_name, l.event_type, l.action_taken, l.state_id, l.status, l.error_message, {_utc("created_at")},
    {_utc("executed_at")}, l.context)::text, 'UTF8'))"""
REFERENCE_DIGESTS = {name: _reference(name) for name in REFERENCES}
DIGEST = " || ".join((WHAT_DIGEST, *REFERENCE_DIGESTS.values()))
# Microseconds since 1970; nothing for a time that is none.
TIME = "CASE WHEN isfinite(l.created_at) THEN (extract(epoch FROM l.created_at) * 1000000)::bigint END"
BATCH_DIGEST = """encode(sha256(convert_to({0}entries::text || {0}times::text, 'UTF8') || (
    SELECT string_agg(d.digest, '' ORDER BY d.n) FROM unnest({0}digests) WITH ORDINALITY AS d (digest, n))), 'hex')"""
