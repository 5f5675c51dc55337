"""The verdicts of rules on series as SQL, in the columns of `rules.evaluation.verdict_queries`.

Beside an instance per series or group, a rule has one without a target, of its owner, for what concerns the rule as a
whole: an error, no data at all, or more series than it may have instances.
"""

from rules.engine.conditions import met_sql, verdict_sql
from rules.engine.state_machine import UNWATCHED_REASON
from rules.evaluation.series.aggregates import ON_EACH_READING
from rules.evaluation.series.selection import AGREES_WITH_MATCHER, OF_SERIES, Selection
from rules.evaluation.verdict_queries import ONCE, RULE_COLUMNS, TRUSTED

_INSTANCE = """i.rule_id, i.owner_id, i.metric_type, i.operator, i.threshold, i.recovery, i.critical, i.target,
       i.repeat_every, i.pending_for, i.keep_firing_for, i.no_data_policy, i.error_policy, i.draft, i.subject_id"""
_NOT_SHADOWED = """WHERE (l.user_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM eval_live o WHERE o.selector = l.selector AND o.target = l.target AND o.user_id = r.user_id))"""
_OWN_SELECTOR = "JOIN eval_selectors e ON e.metric = r.metric_type AND e.matchers = r.matchers"
_PEOPLE = """JOIN smartagent_users u ON u.id = coalesce(l.user_id, r.user_id)
         AND (r.applies_to = 'owner' AND u.id = r.user_id OR r.applies_to = 'everyone' AND u.is_active)"""
_TOO_MANY = """(SELECT 'The rule matches ' || to_char(sum(x.total), 'FM999,999,999') || ' series; it can have '
    || to_char(%(limit)s, 'FM999,999,999') || ' instances, so only the oldest series are evaluated. '
    || 'Add matchers, or group by fewer labels.'
   FROM eval_excess x WHERE x.selector = e.selector AND (x.user_id IS NULL OR r.applies_to = 'everyone'
                                                         OR x.user_id = r.user_id) HAVING count(*) > 0)"""
_TOO_MANY_GROUPS = """(SELECT 'The rule has ' || to_char(max(g.place), 'FM999,999,999') || ' groups; it can have '
    || to_char(%(limit)s, 'FM999,999,999') || ' instances, so only the first are evaluated. '
    || 'Add matchers, or group by fewer labels.'
   FROM eval_series_groups g WHERE g.rule_id = r.id HAVING max(g.place) > %(limit)s)"""


# A row of rule_states of a series or group, not of the rule as a whole.
OF_ONE_SERIES = "(s.target <> '' OR s.value IS NOT NULL)"
_STATE_LABELS = """CASE WHEN s.labels = '{}' AND s.target <> '' THEN jsonb_build_object('target', s.target)
    ELSE s.labels END"""
# Whether the matchers exclude the labels of a row of rule_states, or they are not those to group by. Of a group, only
# matchers of its own labels can tell.
_IS_UNWATCHED = f"""(
    EXISTS (SELECT FROM eval_matchers m WHERE m.selector = e.selector
                AND (r.series_mode = 'each' OR r.group_by @> to_jsonb(m.label))
                AND NOT {AGREES_WITH_MATCHER.format(labels=f"({_STATE_LABELS})")})
    OR (r.series_mode = 'by' AND EXISTS (SELECT FROM jsonb_object_keys({_STATE_LABELS}) AS k
                                          WHERE NOT r.group_by @> to_jsonb(k))))"""


def series_verdicts(only: str, found: Selection) -> str:
    """The SELECT of the verdicts on all instances of rules on series; `only` is an SQL condition on r."""
    return " UNION ALL ".join([_each(only, found), _aggregated(only), _of_rule(only), _gone(only)])


def instances_sql() -> str:
    """The SELECT of the instances that have a reading: rule_id, subject_id, target; of rules r."""
    return f"""
    SELECT FROM eval_selectors e JOIN eval_live l ON l.selector = e.selector
     WHERE {ON_EACH_READING} AND e.metric = r.metric_type AND e.matchers = r.matchers AND l.target = s.target
       AND coalesce(l.user_id, r.user_id) = s.user_id
     UNION ALL
    SELECT FROM eval_series_groups g WHERE g.rule_id = r.id AND g.subject_id = s.user_id AND g.target = s.target"""


def _each(only: str, found: Selection) -> str:
    shadow, beyond = (_NOT_SHADOWED if found.mixed else ""), ("AND NOT l.beyond" if found.excess else "")
    return f"""
SELECT {_INSTANCE}, {verdict_sql("i.value", "i")} AS verdict, '' AS cause, i.value, i.observed_at,
       coalesce({met_sql("i.value", "i.operator", "i.critical")}, false) AS worsens, NULL::jsonb AS conditions, i.labels
  FROM (SELECT r.rule_id, r.owner_id, r.metric_type, r.operator, r.threshold, r.recovery, r.critical, l.target,
               r.repeat_every, r.pending_for, r.keep_firing_for, r.no_data_policy, r.error_policy, r.draft,
               u.id AS subject_id, l.value, l.observed_at, l.labels
          FROM (SELECT {RULE_COLUMNS.format(target="''")}, r.user_id, r.applies_to, r.matchers
                  FROM automation_rules r WHERE {TRUSTED} AND {ON_EACH_READING} {only} {ONCE}) AS r
          {_OWN_SELECTOR} JOIN eval_live l ON l.selector = e.selector {beyond} {_PEOPLE} {shadow}) AS i
"""


def _aggregated(only: str) -> str:
    return f"""
SELECT {RULE_COLUMNS.format(target="v.target")}, v.subject_id, v.verdict, v.cause, v.value, v.observed_at, v.worsens,
       v.conditions, v.labels
  FROM automation_rules r JOIN eval_series_verdicts v ON v.rule_id = r.id
 WHERE {TRUSTED} AND {OF_SERIES} {only}
"""


def _of_rule(only: str) -> str:
    """The instance of the rule as a whole; clear only where it was something else before. Where a series without labels
    had that instance, it is ended like that of another series."""
    live = f"""(SELECT FROM eval_live l WHERE {ON_EACH_READING} AND l.selector = e.selector
        AND (l.user_id IS NULL OR l.user_id = r.user_id OR r.applies_to = 'everyone') {{which}})"""
    groups = "(SELECT FROM eval_series_groups g WHERE g.rule_id = r.id {which})"
    has_any = f"EXISTS {live.format(which='')} OR EXISTS {groups.format(which='')}"
    own = f"""EXISTS {live.format(which="AND l.target = '' AND coalesce(l.user_id, r.user_id) = r.user_id")}
        OR EXISTS {groups.format(which="AND g.target = '' AND g.subject_id = r.user_id")}"""
    return f"""
SELECT {_INSTANCE}, CASE WHEN i.unwatched THEN 'gone' WHEN i.failure IS NOT NULL THEN 'failed'
                         WHEN NOT i.has_any THEN 'missing' WHEN NOT i.had_series THEN 'clear'
                         WHEN i.missed > 0 THEN 'gone' ELSE 'unseen' END,
       CASE WHEN i.unwatched THEN '{UNWATCHED_REASON}' ELSE coalesce(i.failure, '') END,
       NULL::float8, NULL::timestamptz, false, NULL::jsonb, NULL::jsonb
  FROM (SELECT {RULE_COLUMNS.format(target="''")}, r.user_id AS subject_id,
               coalesce(e.cause, CASE WHEN {ON_EACH_READING} THEN {_TOO_MANY} ELSE {_TOO_MANY_GROUPS} END) AS failure,
               {has_any} AS has_any, {own} AS own, s.id IS NOT NULL AS has_state, coalesce(s.missed, 0) AS missed,
               coalesce({OF_ONE_SERIES}, false) AS had_series,
               coalesce({OF_ONE_SERIES} AND {_IS_UNWATCHED}, false) AS unwatched
          FROM automation_rules r {_OWN_SELECTOR}
          LEFT JOIN rule_states s ON s.rule_id = r.id AND s.user_id = r.user_id AND s.target = ''
                                 AND s.condition <> 'ok'
         WHERE {TRUSTED} AND {OF_SERIES} {only} OFFSET 0) AS i
 WHERE NOT i.own AND (i.failure IS NOT NULL OR NOT i.has_any OR i.has_state)
"""


def _gone(only: str) -> str:
    """Instances that the matchers or labels of the rule leave out by now, and those without a reading at this
    evaluation and the one before."""
    return f"""
SELECT {_INSTANCE}, 'gone', CASE WHEN i.unwatched THEN '{UNWATCHED_REASON}' ELSE '' END, NULL::float8,
       NULL::timestamptz, false, NULL::jsonb, i.labels
  FROM (SELECT {RULE_COLUMNS.format(target="s.target")}, s.user_id AS subject_id, s.labels,
               s.missed > 0 AND e.cause IS NULL AS missed, {_IS_UNWATCHED} AS unwatched
          FROM rule_states s JOIN automation_rules r ON r.id = s.rule_id {_OWN_SELECTOR}
         WHERE {TRUSTED} AND {OF_SERIES} AND s.condition <> 'ok' AND s.target <> '' {only}
           AND NOT EXISTS ({instances_sql()}) OFFSET 0) AS i
 WHERE i.missed OR i.unwatched
"""
