"""Whether people found an alert useful, as consequences of its entry."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from rules.explain.consequence import Consequence, ConsequenceSource
from rules.models import ActivityEntry, Feedback
from smartagent.kernel.scope import people_visible_to


class Judgements(ConsequenceSource):
    """Feedback on the firing that an entry is."""

    kind = "feedback"
    label = "Feedback"

    def of_entries(self, entries: Sequence[ActivityEntry], viewer: Any) -> Mapping[UUID, list[Consequence]]:
        found: dict[UUID, list[Consequence]] = defaultdict(list)
        given = Feedback.objects.filter(entry__in=[entry.pk for entry in entries], user__in=people_visible_to(viewer))
        for one in given.select_related("user").order_by("created_at"):
            said, tone = ("useful", "success") if one.useful else ("noise", "warning")
            found[one.entry_id].append(Consequence(f"{one.user} marked it as {said}", tone=tone, at=one.created_at))
        return found
