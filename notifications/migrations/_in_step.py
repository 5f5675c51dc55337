"""What keeps `is_read` of the old application, and status and times of ours, in step. Frozen with the migration."""

from smartagent.adoption.sync.backfill import Fill
from smartagent.adoption.sync.writers import IS_BACKFILL, WRITER, WRITTEN_BY_US, record_failure

STATUS_FILLS = {
    "status": Fill("CASE WHEN it.is_read::text = 'true' THEN 'read' ELSE 'unread' END", where="it.status = 'unread'")
}

# Whoever says something newest is believed: a changed status first, then an archive time, is_read, a reading time.
# Times are only set when a notification becomes read or archived: of those read before us, nobody knows when.
#
# While old rows are filled in, nothing changes but the status. `NEW := OLD` would crash a server of version 15 where the
# row is older than a column that has a default; selecting it does not.
FOLLOW_STATUS = f"""
DECLARE
    given record := NEW;
    before jsonb := '{{}}';
    after jsonb := to_jsonb(NEW);
    said text := 'unread';
    was text := 'unread';
    becomes text := after->>'status';
    was_read boolean := false;
    is_read boolean;
BEGIN
    IF TG_OP = 'UPDATE' AND {IS_BACKFILL} THEN
        SELECT OLD.* INTO NEW;
        NEW.status := given.status;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD);
        was_read := coalesce((before->>'is_read')::boolean, false);
        said := before->>'status';
        was := coalesce(said, 'unread');
        IF was_read AND was = 'unread' THEN
            was := 'read';
        END IF;
    END IF;
    is_read := coalesce((after->>'is_read')::boolean, false);

    IF coalesce(becomes, said, 'unread') NOT IN ('unread', 'read', 'archived') THEN
        RETURN NEW;
    ELSIF becomes IS NOT NULL AND becomes IS DISTINCT FROM said THEN
        NULL;  -- as it says
    ELSIF after->>'archived_at' IS NOT NULL AND before->>'archived_at' IS DISTINCT FROM after->>'archived_at' THEN
        becomes := 'archived';
    ELSIF is_read <> was_read THEN
        becomes := CASE WHEN NOT is_read THEN 'unread' WHEN was = 'archived' THEN was ELSE 'read' END;
    ELSIF before->>'archived_at' IS NOT NULL AND after->>'archived_at' IS NULL THEN
        becomes := CASE WHEN is_read OR after->>'read_at' IS NOT NULL THEN 'read' ELSE 'unread' END;
    ELSIF after->>'read_at' IS NOT NULL AND before->>'read_at' IS NULL THEN
        becomes := CASE WHEN was = 'archived' THEN was ELSE 'read' END;
    ELSIF before->>'read_at' IS NOT NULL AND after->>'read_at' IS NULL THEN
        becomes := 'unread';
    ELSE
        becomes := was;
    END IF;

    IF after ? 'status' THEN
        NEW.status := becomes;
    END IF;
    IF after ? 'is_read' AND is_read <> (becomes <> 'unread') THEN
        NEW.is_read := becomes <> 'unread';
    END IF;
    IF after ? 'read_at' AND becomes <> was THEN
        NEW.read_at := CASE WHEN becomes <> 'unread' THEN coalesce(NEW.read_at, now()) END;
    END IF;
    IF after ? 'archived_at' AND becomes <> was THEN
        NEW.archived_at := CASE WHEN becomes = 'archived' THEN coalesce(NEW.archived_at, now()) END;
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    {record_failure("'Status and times of notification ' || (after->>'id') || ' stay as they are'")}
    RETURN given;
END
"""

MARK_READ = """
BEGIN
    UPDATE notifications SET status = 'read', read_at = now()
    WHERE id = notification_id AND user_id = auth.uid() AND status = 'unread';
END
"""

MARK_ALL_READ = """
BEGIN
    UPDATE notifications SET status = 'read', read_at = now() WHERE user_id = auth.uid() AND status = 'unread';
END
"""

COUNT_UNREAD = """
BEGIN
    RETURN (SELECT count(*)::integer FROM notifications WHERE user_id = auth.uid() AND status = 'unread');
END
"""

# A person cleans up their own; a nightly job of the database's owner, or of a service, everybody's.
CLEAN_UP = f"""
DECLARE
    of_everybody boolean := auth.uid() IS NULL AND ({WRITTEN_BY_US} OR {WRITER} = 'service_role');
    removed integer;
BEGIN
    DELETE FROM notifications
    WHERE status = 'archived' AND archived_at < now() - interval '90 days'
      AND (user_id = auth.uid() OR of_everybody);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
"""
