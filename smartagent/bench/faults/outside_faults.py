"""Faults from outside: receivers, names, the clock, a second evaluator, and rules and samples from hell."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx

from smartagent.bench.faults.stage import Fault, Stage
from smartagent.bench.migration_process import PROJECT

OTHERS = "everything else goes on meanwhile"
HUGE_TEXT = "x" * 10_000_000
HOUR = 3600
POISON = """UPDATE automation_rules SET threshold_value = 10::numeric ^ 400, description = repeat('x', 10000000)
             WHERE id = %s"""
CURED = "UPDATE automation_rules SET threshold_value = 10, description = '' WHERE id = %s"


class Accepted(Exception):
    """Input from hell was answered by something else than a refusal."""


def hang(stage: Stage) -> None:
    """The first receiver accepts connections and says nothing."""
    os.kill(stage.receiver_pids[0], signal.SIGSTOP)


def answer_again(stage: Stage) -> None:
    os.kill(stage.receiver_pids[0], signal.SIGCONT)


def be(**manner: float) -> Callable[[Stage], None]:
    """Let the first receiver answer so."""

    def begin(stage: Stage) -> None:
        stage.receivers[0].be(**manner)

    return begin


def lose_names(stage: Stage) -> None:
    stage.names.die()


def find_names(stage: Stage) -> None:
    stage.names.come_back()


def no_names_of_its_own(stage: Stage) -> str:
    return "" if stage.names.private else "this account may not make a mount namespace"


def set_clock(seconds: int) -> Callable[[Stage], None]:
    """Set the clock of all processes so many seconds ahead."""

    def begin(stage: Stage) -> None:
        stage.installation.clock.set(seconds)

    return begin


def no_clock_of_its_own(stage: Stage) -> str:
    return "" if stage.installation.clock.can_be_set else "there is no C compiler (Debian: apt-get install gcc)"


def evaluate_beside(stage: Stage) -> None:
    """Two more evaluators, at once."""
    command = [sys.executable, "manage.py", "dispatch"]
    both = [
        subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        for _ in range(2)
    ]
    for each in both:
        each.wait()


def send_from_hell(stage: Stage) -> None:
    """A rule that the old application wrote, and samples that no program should send."""
    with stage.database.connect() as connection:
        connection.execute(POISON, [stage.data.rule])
    headers = {"Authorization": f"Bearer {stage.data.token}"}
    bodies = (
        '[{"metric": "cpu", "value": 1e999}]', '[{"metric": "cpu", "value": NaN}]',
        f'[{{"metric": "{HUGE_TEXT}", "value": 1}}]', f'[{{"metric": "cpu", "value": {"9" * 5000}}}]',
        '[{"metric": "c\\u0000pu", "value": 1}]', "[" * 100_000,
    )  # fmt: skip
    with httpx.Client(base_url=stage.installation.address, headers=headers, timeout=60, trust_env=False) as client:
        for body in bodies:
            answer = client.post("/api/samples/", content=body, headers={"Content-Type": "application/json"})
            if not 400 <= answer.status_code < 500:
                raise Accepted(f"{body[:60]} was answered by {answer.status_code}.")


def cure(stage: Stage) -> None:
    with stage.database.connect() as connection:
        connection.execute(CURED, [stage.data.rule])


def outside_faults() -> Iterator[Fault]:
    yield Fault(
        name="receiver hangs", cause="one of two receivers accepts connections and never answers", holds=OTHERS,
        begin=hang, end=answer_again, seconds=30,
    )  # fmt: skip
    yield Fault(
        name="receiver slow", cause="one of two receivers answers after 20 seconds", holds=OTHERS,
        begin=be(latency=20_000), end=be(latency=0), seconds=30,
    )  # fmt: skip
    yield Fault(
        name="receiver trickles", cause="one of two receivers sends its answers byte by byte in 20 seconds",
        holds=OTHERS, begin=be(trickle=20), end=be(trickle=0), seconds=30,
    )  # fmt: skip
    yield Fault(
        name="DNS dead", cause="the DNS server does not answer", holds=OTHERS, begin=lose_names, end=find_names,
        seconds=30, impossible=no_names_of_its_own,
    )  # fmt: skip
    yield Fault(
        name="two evaluators", cause="`manage.py dispatch` twice, beside the workers",
        holds="one evaluates, the others say that it does", begin=evaluate_beside, seconds=0,
    )  # fmt: skip
    yield Fault(
        name="input from hell", cause="10^400, NaN, 10 MB of text, 100,000 brackets in samples and in a rule",
        holds="samples are refused, other rules are evaluated", begin=send_from_hell, end=cure, seconds=20,
    )  # fmt: skip
    for name, seconds in {"clock set back": -2 * HOUR, "clock set ahead": HOUR // 2}.items():
        yield Fault(
            name=name, cause=f"the clock of all processes but PostgreSQL jumps by {seconds / HOUR:+g} h",
            holds=OTHERS, begin=set_clock(seconds), end=set_clock(0), seconds=40, impossible=no_clock_of_its_own,
            dates_back=seconds < 0,
        )  # fmt: skip
