"""What rows of the API refer to: rules, silences, instances, runs and data sources."""

from rules.models import AutomationRule, DataSource, DispatchRun, RuleState, Silence
from smartagent.rest.relations import Relation

RULE = Relation(
    AutomationRule, "rule_name", "rules.api.serializers.RuleSerializer", "rules",
    lambda me: AutomationRule.objects.select_related("user").visible_to(me), is_name_public=True,
)  # fmt: skip
SILENCE = Relation(Silence, "comment", "rules.api.silence_serializers.SilenceSerializer", "silences")
STATE = Relation(
    RuleState, "", "rules.api.serializers.StateSerializer", "states",
    lambda me: RuleState.objects.select_related("rule").visible_to(me),
)  # fmt: skip
RUN = Relation(DispatchRun, "", "rules.api.serializers.RunSerializer", "runs")
DATA_SOURCE = Relation(DataSource, "name", "rules.api.data_source_serializers.DataSourceSerializer", "data-sources")
