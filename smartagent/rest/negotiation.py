"""Content negotiation: a client that accepts problem details gets those for errors, and the usual answer otherwise."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation

from smartagent.rest.problems import PROBLEM_TYPE


class Negotiation(DefaultContentNegotiation):
    """Reads `application/problem+json` in `Accept` as "whatever there is"."""

    def get_accept_list(self, request: Any) -> list[str]:
        accepted = super().get_accept_list(request)
        return ["*/*" if each.partition(";")[0].strip() == PROBLEM_TYPE else each for each in accepted]
