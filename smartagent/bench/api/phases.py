"""The phases of schemathesis: each operation by itself (examples, edges of what is allowed, random values), and
operations one after the other."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from schemathesis.python._constants.orchestrator import make_constants_value_source

from smartagent.bench.api.cases import use_known_id, use_known_things
from smartagent.bench.api.in_process import rolled_back
from smartagent.bench.api.requests import Caller

STEPS = 10  # requests of one scenario


def random_cases(number: int) -> settings:
    """So many, the same each time."""
    health = list(HealthCheck)
    return settings(max_examples=number, deadline=None, database=None, suppress_health_check=health, derandomize=True)


class Operations:
    """Asks each operation by itself; what a request names is one of the `known` things, in turn."""

    def __init__(self, schema: Any, caller: Caller, known: Iterable[Mapping[str, str]]) -> None:
        self.schema, self.caller, self.known = schema, caller, list(known)
        self.feedback = FeedbackSources(constants_value_source=make_constants_value_source(schema))

    def ask(self, operation: Any, examples: int, *, seed: int, edges: bool) -> None:
        """So many random cases, and, with `edges`, all those at the edges of what is allowed."""
        modes = [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING]
        create_test(
            operation=operation,
            test_func=self._send,
            config=HypothesisTestConfig(
                settings=None, explicit_settings=random_cases(examples), seed=seed,
                modes=[*modes, HypothesisTestMode.COVERAGE] if edges else modes, project=self.schema.config,
                given_kwargs={}, feedback=self.feedback,
            ),
        )()  # fmt: skip

    def _send(self, case: Any) -> None:
        known = self.known[self.caller.tally.cases % len(self.known)]
        use_known_id(case, known)
        use_known_things(case, known)
        with rolled_back():
            self.caller.check(case, self.caller.call(case))


def run_scenarios(schema: Any, caller: Caller, known: Mapping[str, str], steps: int) -> None:
    """Operations one after the other, each with what the one before has answered, until there were so many requests.
    What a scenario has written is there until its end."""

    class Scenario(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.transaction = rolled_back()
            self.transaction.__enter__()

        def teardown(self) -> None:
            self.transaction.__exit__(None, None, None)
            super().teardown()

        def step(self, input: StepInput) -> StepOutput:  # noqa: A002 as the class that it extends names it
            if not input.is_applied:
                use_known_id(input.case, known)
                use_known_things(input.case, known)
            return super().step(input)  # type: ignore[no-any-return]

        def call(self, case: Any, **_: Any) -> Any:
            return caller.call(case)

        def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **_: Any) -> None:
            caller.check(case, response, additional_checks=additional_checks, recorder=self.recorder)

    Scenario.run(settings=settings(random_cases(max(1, steps // STEPS)), stateful_step_count=STEPS))
