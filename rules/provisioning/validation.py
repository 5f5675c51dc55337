"""Validation of a file's rules, and of the permissions of the person who applies it."""

from collections.abc import Iterable, Iterator
from typing import Any

from rules.action_options import clean_config, config_errors
from rules.authoring.serializer import problems_of
from rules.authoring.validation import checked_fields
from rules.models import AutomationRule
from rules.provisioning.document import Entry, entry_problems
from rules.provisioning.problems import Problem
from rules.registries import actions
from smartagent.kernel.scope import has_everyone

UID_TAKEN = "This uid belongs to a rule you cannot change. Choose another uid."
FOREIGN = "Only operators can create rules for other people. Your rules belong to you."
NOT_YOURS = "Your roles do not allow this: {} rules. Ask an administrator."


class Checks:
    """Checks on behalf of `user` (None: the installation itself); `owner` owns rules that name nobody."""

    def __init__(self, user: Any, owner: Any) -> None:
        self.user, self.owner = user, owner

    def of(
        self, entry: Entry, rule: AutomationRule, was: AutomationRule | None, *, new: bool, differs: bool
    ) -> list[Problem]:
        """Return the problems of `rule`, made of `was` by `entry`; values are validated if it is new or differs."""
        if was and not self._may_change(was):
            return [entry.problem(UID_TAKEN, "uid")]
        found = list(self._of_permissions(entry, new))
        if foreign := self._foreign(entry):
            return [*found, entry.problem(foreign, "user")]
        if "user" in entry.values and (not rule.user_id or not self._is_named(entry, rule)):
            unknown = f"No person with the e-mail address “{entry.values['user'][:60]}”."
            return [*found, entry.problem(unknown, "user")]
        if not rule.user_id:
            return [*found, entry.problem("Enter an owner, for example owner: alice@example.com.", "user")]
        if not (new or differs):
            return found
        for name, messages in problems_of(rule, was, self.user).items():
            found += entry_problems(entry, name, messages)
        return found

    def of_deleting(self, rules: Iterable[AutomationRule]) -> list[Problem]:
        """Return the problems of moving `rules` to the recycle bin."""
        if self.user is None or self.user.has_perm("rules.delete_automationrule") or not any(True for _ in rules):
            return []
        return [Problem(NOT_YOURS.format("deleting"))]

    def tidy_options(self, rule: AutomationRule, was: AutomationRule | None) -> None:
        """Normalize the action options of `rule`; unchanged ones are kept as they are."""
        if rule.action_type not in actions:
            return  # refused by `validate`, which names the actions that there are
        before = checked_fields(was) if was else None
        same = was and was.action_type == rule.action_type and was.action_config == rule.action_config
        if same and was:
            rule.action_config = was.action_config  # as it is kept, which can be no object
        elif not config_errors(rule.action_type, rule.action_config, before):
            rule.action_config = clean_config(rule.action_type, rule.action_config, before)

    def _of_permissions(self, entry: Entry, new: bool) -> Iterator[Problem]:
        verb, doing = ("add", "creating") if new else ("change", "changing")
        if self.user is not None and not self.user.has_perm(f"rules.{verb}_automationrule"):
            yield entry.problem(NOT_YOURS.format(doing))

    def _may_change(self, rule: AutomationRule) -> bool:
        return self.user is None or has_everyone(self.user, "change") or rule.user_id == self.user.pk

    def _foreign(self, entry: Entry) -> str:
        """Return the problem of naming another owner without permission, alike for known and unknown people."""
        named = entry.values.get("user", "").strip().lower()
        if not named or self.user is None or has_everyone(self.user, "change"):
            return ""
        return "" if named in (str(self.user.pk), self.user.email.lower()) else FOREIGN

    def _is_named(self, entry: Entry, rule: AutomationRule) -> bool:
        named = entry.values["user"].strip().lower()
        return named in (str(rule.user_id), rule.user.email.lower())
