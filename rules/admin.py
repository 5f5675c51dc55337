"""The pages of rules; one file each in `rules.pages`."""

from rules.pages.activity import ActivityAdmin
from rules.pages.instances import InstanceAdmin
from rules.pages.integrations import IntegrationAdmin
from rules.pages.rules import RuleAdmin
from rules.pages.runs import RunAdmin
from rules.pages.silences import SilenceAdmin

__all__ = ["ActivityAdmin", "InstanceAdmin", "IntegrationAdmin", "RuleAdmin", "RunAdmin", "SilenceAdmin"]
