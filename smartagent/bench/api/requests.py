"""Requests of one role to the application in this process, and what is wrong with their answers."""

from dataclasses import dataclass, field
from typing import Any

from schemathesis import Case
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response

from smartagent.bench.api.exclusions import excluded_checks
from smartagent.bench.api.in_process import ServerErrors

MAX_SHOWN = 4000  # characters of each part of a failure
KIND = 60  # characters of an answer that tell one kind of failure from another


@dataclass
class Tally:
    """What came of the requests of one role."""

    cases: int = 0
    failures: int = 0
    server_errors: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    found: dict[str, dict[str, str]] = field(default_factory=dict)  # the first failure of each kind, by that

    def note_answer(self, status: int) -> None:
        self.cases += 1
        self.server_errors += status >= 500
        self.statuses[str(status)] = self.statuses.get(str(status), 0) + 1

    def note_failure(self, kind: str, **shown: str) -> None:
        self.failures += 1
        self.found.setdefault(kind, {name: text[:MAX_SHOWN] for name, text in shown.items()})


class Caller:
    """Sends cases with the headers of a role, and checks the answers."""

    def __init__(self, headers: dict[str, str], tally: Tally) -> None:
        self.headers, self.tally, self.errors = headers, tally, ServerErrors()

    def call(self, case: Case[Any]) -> Response:
        """Send the case."""
        response = case.call(headers=self.headers)
        self.tally.note_answer(response.status_code)
        return response

    def check(self, case: Case[Any], response: Response, **how: Any) -> None:
        """Note what is wrong with the answer."""
        try:
            case.validate_response(
                response, headers=self.headers, excluded_checks=excluded_checks(case, response), **how
            )
        except FailureGroup as group:
            for failure in group.exceptions:
                self._note(case, response, failure)
        except Failure as failure:
            self._note(case, response, failure)

    def _note(self, case: Case[Any], response: Response, failure: BaseException) -> None:
        check, answer = getattr(failure, "title", type(failure).__name__), f"{response.status_code} {response.text}"
        self.tally.note_failure(
            f"{case.operation.label} {check} {answer[:KIND]}", operation=case.operation.label, check=check,
            message=str(failure), answer=answer, request=case.as_curl_command(),
            error=self.errors.last if response.status_code >= 500 else "",
        )  # fmt: skip
