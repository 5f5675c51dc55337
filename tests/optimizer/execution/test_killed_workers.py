"""A worker is killed, or only slow: another goes on, and nothing is done twice."""

import threading

import pytest
from django.db import connections, transaction
from pytest_httpserver import HTTPServer
from werkzeug import Response

from optimizer.execution.lease import EXECUTION_LEASE, take
from optimizer.execution.runner import apply, work
from optimizer.models import ActionLog, OptimizationEvent, OptimizationStep
from optimizer.operations import Done, Operation
from optimizer.proposals.decisions import DecisionRefused
from rules.models import ActivityEntry, FusionScore
from tests.optimizer.step_cast import MINUTE, approved, integration_of, interval, metric_of

LATER = EXECUTION_LEASE + MINUTE


class Killed(BaseException):
    """As if by SIGKILL: nothing catches it."""


class Deadly(Operation):
    """It kills the worker, so many times as its parameters say."""

    kind = "deadly"
    label = "Deadly"
    lives = 0

    def apply(self, task, reached):
        FusionScore.objects.create(user_id=task.person, fusion_score=1)
        type(self).lives -= 1
        if type(self).lives >= 0:
            raise Killed
        return super().apply(task, reached)


@pytest.fixture
def httpserver():
    """One that answers many at once: a worker asks while another one waits for its answer."""
    with HTTPServer(threaded=True) as server:
        yield server


class Overtaken(Operation):
    """Just after it has been written down, another worker takes over and does the rest."""

    kind = "overtaken"
    label = "Overtaken"

    def apply(self, task, reached):
        key = OptimizationStep.objects.get(pk=task.id).event_id
        transaction.on_commit(lambda: apply(key, task.now + LATER))
        return Done()


@pytest.mark.django_db(transaction=True)
def test_one_that_is_overtaken_between_two_steps_asks_nobody_a_second_time(alice, ada, at_gmail, platform, now):
    event = approved(alice, ada, now, "overtaken", ("retry_connection", {}, at_gmail))
    assert apply(event.pk, now).applied_at == now + LATER
    assert platform.platform.asked == ["GET /gmail/health"]
    assert set(event.steps.values_list("status", flat=True)) == {"done"}


@pytest.fixture
def deadly(settings):
    settings.OPTIMIZER_OPERATIONS = [
        *settings.OPTIMIZER_OPERATIONS, f"{__name__}.Deadly", f"{__name__}.Overtaken",
    ]  # fmt: skip
    return Deadly


def minutes_of(integration):
    integration.refresh_from_db()
    return integration.config.get("sync_interval_minutes")


@pytest.mark.parametrize("status", ["proposed", "running"])
def test_another_goes_on_where_the_lease_has_run_out(alice, ada, now, status):
    """Killed before a step had begun, and in the middle of it."""
    one = integration_of(alice)
    event = approved(alice, ada, now, interval(one, 9), "analyze_slow_queries")
    take(event.pk, now)
    OptimizationStep.objects.filter(event=event, position=1).update(status=status)
    with pytest.raises(DecisionRefused):
        apply(event.pk, now + MINUTE)
    assert work(now + LATER) == 1
    event.refresh_from_db()
    assert (event.status, minutes_of(one)) == ("applied", 9)


def test_what_was_done_before_is_not_done_again(alice, ada, now):
    """Weights that move by a step each time would show it."""
    metric = metric_of(alice, "mail", "0.2", 0.5)
    event = approved(alice, ada, now, ("adjust_weight", {"metric": "mail", "step": 0.1}, None), "analyze_slow_queries")
    OptimizationStep.objects.filter(event=event, position=2).update(operation="deadly")
    apply_and_die(event, now)
    metric.refresh_from_db()
    assert float(metric.weight) == 0.3
    OptimizationStep.objects.filter(event=event, position=2).update(operation="analyze_slow_queries")
    OptimizationEvent.objects.update(content_hash="")
    apply(event.pk, now + LATER)
    metric.refresh_from_db()
    assert float(metric.weight) == 0.3
    assert ActionLog.objects.filter(action_type="adjust_weight").count() == 1


def apply_and_die(event, now):
    OptimizationEvent.objects.filter(pk=event.pk).update(content_hash="")
    with pytest.raises(Killed):
        apply(event.pk, now)


@pytest.fixture(autouse=True)
def _deadly(deadly):
    deadly.lives = 1
    yield
    deadly.lives = 0


def test_killed_in_the_middle_of_writing_it_has_written_nothing(alice, ada, now):
    event = approved(alice, ada, now, "deadly")
    apply_and_die(event, now)
    assert OptimizationStep.objects.get().status == "running"
    assert not FusionScore.objects.exists()


def test_what_kills_each_worker_is_given_up(alice, ada, now, deadly):
    deadly.lives = 99
    event = approved(alice, ada, now, "deadly")
    for attempt in range(3):
        apply_and_die(event, now + attempt * LATER)
    failed = apply(event.pk, now + 3 * LATER)
    assert failed.status == "failed"
    assert failed.error_message == "Deadly: The step was started 3 times; each time the worker was lost."


@pytest.mark.django_db(transaction=True)
def test_one_that_was_only_slow_writes_nothing_where_another_has_taken_over(alice, ada, now, httpserver, loopback):
    """Its question is on its way for longer than its lease; meanwhile another does all of it."""
    requested, event = [], None

    def slow(request):
        requested.append(request.path)
        if len(requested) == 1:
            apply(event.pk, now + LATER)
            connections.close_all()
        return Response("ok")

    httpserver.expect_request("/health").respond_with_handler(slow)
    one = integration_of(alice, config={"health_url": httpserver.url_for("/health")}, status="error")
    event = approved(alice, ada, now, ("retry_connection", {}, one), interval(one, 9))
    seen = apply(event.pk, now)
    assert (seen.status, seen.applied_at) == ("applied", now + LATER)
    assert len(requested) == 2
    assert set(event.steps.values_list("status", "error")) == {("done", "")}
    assert ActionLog.objects.filter(action_type="retry_connection").count() == 1
    assert ActivityEntry.objects.filter(event_type="optimization_applied").count() == 1
    assert not ActivityEntry.objects.filter(event_type="optimization_failed").exists()


@pytest.mark.django_db(transaction=True)
def test_one_that_was_slow_and_fails_does_not_undo_what_the_other_has_done(alice, ada, now, httpserver, loopback):
    requested, event = [], None

    def slow(request):
        requested.append(request.path)
        if len(requested) > 1:
            return Response("ok")
        apply(event.pk, now + LATER)
        connections.close_all()
        return Response("", status=404)

    httpserver.expect_request("/me").respond_with_handler(slow)
    config = {"probe_url": httpserver.url_for("/me")}
    one = integration_of(alice, config=config, credentials={"access_token": "t"})
    event = approved(alice, ada, now, interval(one, 9), ("validate_credentials", {}, one))
    assert apply(event.pk, now).status == "applied"
    assert minutes_of(one) == 9


@pytest.mark.django_db(transaction=True)
def test_one_that_comes_back_after_its_lease_begins_no_further_step(alice, ada, now, httpserver, loopback):
    """Between two steps, another has taken over and waits for an answer itself."""
    event = None
    inside, go_on = threading.Event(), threading.Event()

    def first(request):
        worker.start()
        inside.wait(10)
        return Response("ok")

    def second(request):
        inside.set()
        go_on.wait(10)
        return Response("ok")

    httpserver.expect_ordered_request("/health").respond_with_handler(first)
    httpserver.expect_ordered_request("/health").respond_with_handler(second)
    one = integration_of(alice, config={"health_url": httpserver.url_for("/health")}, status="error")
    event = approved(alice, ada, now, ("retry_connection", {}, one), interval(one, 9))

    def other():
        try:
            apply(event.pk, now + LATER)
        finally:
            connections.close_all()

    worker = threading.Thread(target=other)
    seen = apply(event.pk, now)
    assert seen.status == "applying"
    assert minutes_of(one) is None
    go_on.set()
    worker.join()
    event.refresh_from_db()
    assert (event.status, event.applied_at, minutes_of(one)) == ("applied", now + LATER, 9)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_applies_it(alice, ada, now):
    metric = metric_of(alice, "mail", "0.2", 0.5)
    event = approved(alice, ada, now, ("adjust_weight", {"metric": "mail", "step": 0.1}, None))
    won, refused = at_once([event.pk] * 6, now)
    assert (won, refused) == (1, 5)
    metric.refresh_from_db()
    assert float(metric.weight) == 0.3
    assert FusionScore.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_optimizations_at_once_on_one_target_one_is_under_way_at_a_time(alice, ada, now, httpserver, loopback):
    inside, maximum = [], []

    def slow(request):
        inside.append(1)
        maximum.append(len(inside))
        threading.Event().wait(0.3)
        inside.pop()
        return Response("ok")

    httpserver.expect_request("/health").respond_with_handler(slow)
    one = integration_of(alice, config={"health_url": httpserver.url_for("/health")})
    events = [approved(alice, ada, now, ("retry_connection", {}, one)) for _ in range(5)]
    won, refused = at_once([event.pk for event in events], now)
    assert won >= 1
    assert won + refused == 5
    assert max(maximum) == 1


def at_once(keys, now):
    """Apply these, each by a worker of its own, all begun together; how many did, and were refused."""
    ready, found = threading.Barrier(len(keys)), []

    def run(key):
        try:
            ready.wait()
            apply(key, now)
            found.append(True)
        except DecisionRefused:
            found.append(False)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run, args=[key]) for key in keys]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found.count(True), found.count(False)
