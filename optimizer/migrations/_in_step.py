"""What keeps `applied` of the old application and our status in step. Frozen with the migration."""

from smartagent.adoption.sync.backfill import Fill
from smartagent.adoption.sync.writers import IS_BACKFILL, record_failure

# What it proposed and nobody applied within a day, nobody waits for any more. Ours say their strategy.
OPTIMIZATION_FILLS = {
    "status": Fill(
        """CASE WHEN it.applied::text = 'true' THEN 'applied'
                WHEN coalesce(it.created_at, '-infinity') < now() - interval '24 hours' THEN 'expired'
                ELSE 'proposed' END""",
        where="it.status = 'proposed' AND to_jsonb(it)->>'strategy' IS NULL",
    )
}

FOLLOW_APPLIED = f"""
DECLARE
    given record := NEW;
    before jsonb := '{{}}';
    after jsonb := to_jsonb(NEW);
    said text := 'proposed';
    becomes text := coalesce(after->>'status', 'proposed');
    was_applied boolean := false;
    is_applied boolean;
BEGIN
    IF TG_OP = 'UPDATE' AND {IS_BACKFILL} THEN
        SELECT OLD.* INTO NEW;
        NEW.status := given.status;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
        said := coalesce(before->>'status', 'proposed');
        was_applied := coalesce((before->>'applied')::boolean, false);
    END IF;
    is_applied := coalesce((after->>'applied')::boolean, false);

    IF becomes = said THEN
        becomes := CASE
            WHEN is_applied AND (becomes = 'proposed' OR NOT was_applied) THEN 'applied'
            WHEN was_applied AND NOT is_applied AND becomes = 'applied' THEN 'rolled_back'
            ELSE becomes END;
    END IF;
    IF after ? 'status' AND after->>'status' IS DISTINCT FROM becomes THEN
        NEW.status := becomes;
    END IF;
    IF after ? 'applied' AND is_applied <> (becomes = 'applied') THEN
        NEW.applied := becomes = 'applied';
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    {record_failure("'The status of optimization ' || (after->>'id') || ' stays as it is'")}
    RETURN given;
END
"""
