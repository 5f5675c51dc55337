"""Which rules are evaluated, and which may act: each in Python, as SQL on a row r and as Q, side by side.

*In force*: active or a draft, and not in the recycle bin, whatever status another application has given it there.
*Complete*: no column is absent that a rule needs; another application may have left it so.
*Evaluated*: in force, complete, and its owner may sign in. What is evaluated may still be refused: see rules.authority.
*Acting*: active, not in the recycle bin, and its owner may sign in. Its alerts are counted and escalate.
"""

from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from rules.models import AutomationRule

IN_FORCE_STATUSES = ["active", "draft"]
REQUIRED_COLUMNS = [
    "user_id", "rule_name", "metric_type", "condition_operator", "threshold_value", "action_type",
]  # fmt: skip
IN_FORCE = Q(status__in=IN_FORCE_STATUSES, deleted_at=None)
COMPLETE = Q(**{f"{name}__isnull": False for name in REQUIRED_COLUMNS})
EVALUATED = IN_FORCE & COMPLETE & Q(user__is_active=True)


def is_in_force(rule: "AutomationRule") -> bool:
    return rule.status in IN_FORCE_STATUSES and rule.deleted_at is None


def is_complete(rule: "AutomationRule") -> bool:
    return all(getattr(rule, name) is not None for name in REQUIRED_COLUMNS)


def is_evaluated(rule: "AutomationRule") -> bool:
    return is_in_force(rule) and is_complete(rule) and rule.user.is_active


def is_acting(rule: "AutomationRule") -> bool:
    return rule.status == "active" and rule.deleted_at is None and rule.user is not None and rule.user.is_active


def acting(path: str = "") -> Q:
    """The condition for acting rules; `path` is the lookup prefix of the rule, such as `rule__`."""
    return Q(**{f"{path}status": "active", f"{path}deleted_at": None, f"{path}user__is_active": True})


IN_FORCE_SQL = "r.status IN ('active', 'draft') AND r.deleted_at IS NULL"
COMPLETE_SQL = " AND ".join(f"r.{name} IS NOT NULL" for name in REQUIRED_COLUMNS)
# Not a join: the plan of an evaluation stays as it is, however many owners there are.
EVALUATED_SQL = f"""{IN_FORCE_SQL} AND {COMPLETE_SQL}
    AND NOT EXISTS (SELECT FROM smartagent_users o WHERE o.id = r.user_id AND NOT o.is_active)"""
ACTING_SQL = "r.status = 'active' AND r.deleted_at IS NULL AND o.is_active"  # o: the owner, joined
