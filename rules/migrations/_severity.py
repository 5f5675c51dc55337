"""How serious a rule of the old application is: by the options of its action, else by the action, as it had it. Frozen
with the migration."""

from smartagent.adoption.sync.backfill import Fill
from smartagent.adoption.sync.writers import IS_BACKFILL, WRITTEN_BY_US, record_failure

_MEANING = """CASE lower(btrim({row}->'action_config'->>'{option}'))
    WHEN 'info' THEN 'low' WHEN 'low' THEN 'low' WHEN 'normal' THEN 'medium' WHEN 'warning' THEN 'medium'
    WHEN 'medium' THEN 'medium' WHEN 'error' THEN 'high' WHEN 'high' THEN 'high' WHEN 'urgent' THEN 'critical'
    WHEN 'critical' THEN 'critical' END"""


def _named(row: str) -> str:
    """What the options say; NULL where they say nothing that is known, or are no object."""
    return f"coalesce({', '.join(_MEANING.format(row=row, option=option) for option in ('severity', 'priority'))})"


def _severity(row: str) -> str:
    return f"coalesce({_named(row)}, CASE {row}->>'action_type' WHEN 'alert' THEN 'high' ELSE 'medium' END)"


RULE_FILLS = {"severity": Fill(_severity("to_jsonb(it)"), where="it.severity = 'medium'")}

# A severity that somebody has chosen here stays until the old application writes another into the options.
FOLLOW_RULES = f"""
DECLARE
    given record := NEW;
    after jsonb := to_jsonb(NEW);
    before jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND {IS_BACKFILL} THEN
        SELECT OLD.* INTO NEW;  -- what a trigger of theirs has touched meanwhile
        NEW.severity := given.severity;
        RETURN NEW;
    END IF;
    IF {WRITTEN_BY_US} THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.severity := {_severity("after")};
        RETURN NEW;
    END IF;
    before := to_jsonb(OLD);
    IF {_named("after")} IS DISTINCT FROM {_named("before")}
       OR (OLD.severity = {_severity("before")} AND {_severity("after")} <> {_severity("before")}) THEN
        NEW.severity := {_severity("after")};
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    {record_failure("'The severity of rule ' || (after->>'id') || ' stays as it is'")}
    RETURN NEW;
END
"""
