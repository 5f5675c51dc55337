"""All named incidents of a month."""

from random import Random

from rules.models import Integration
from smartagent.demo.incidents import adjustments, fusion_weights, gmail_token, slack_now, web_cpu
from smartagent.demo.incidents.on_call import PAGER, PAGER_CONNECTED, connect_pager, make_policy
from smartagent.demo.incidents.stage import MINUTE, Stage, every
from smartagent.demo.replay import Happening
from smartagent.models import User

INCIDENTS = (
    gmail_token.happenings, web_cpu.happenings, fusion_weights.happenings, adjustments.trello, adjustments.sendgrid,
    adjustments.outlook, slack_now.happenings,
)  # fmt: skip
CAST = ("Ines Duarte", "Elif Yılmaz", "Jonas Weber", "Lucía Herrera", "Keiko Mori", "Mateo Silva")
SCORED = fusion_weights.NAME  # whose scores follow from the weights


def cast_of(people: list[User]) -> list[User]:
    """The people to whom only the named incidents happen."""
    return [person for person in people if person.full_name in CAST]


def make_programme(stage: Stage, seed: int) -> list[Happening]:
    """Create what the incidents need, and return what happens."""
    amara = stage.operators[0]
    make_policy(amara, stage.start)
    found = [happening for incident in INCIDENTS for happening in incident(stage, Random(seed))]  # noqa: S311
    connected = max(stage.start, stage.end - PAGER_CONNECTED)
    found.append(Happening(connected, lambda: connect_pager(
        amara, stage.service(PAGER), stage.platform.address, connected)))  # fmt: skip
    cast = [person.pk for person in cast_of(list(stage.people.values()))]
    healthy = Integration.objects.filter(user__in=cast, status=Integration.Status.ACTIVE)
    synced = every(30 * MINUTE, connected, stage.end, lambda at: healthy.update(last_sync_at=at))
    return [*synced, *found]
