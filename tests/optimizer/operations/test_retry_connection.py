"""retry_connection asks the health address and puts down how the integration is."""

import pytest

from optimizer.operations import OperationFailed
from optimizer.registries import operations
from smartagent.outbound.errors import AddressRefused, Unreachable
from tests.optimizer.step_cast import done, integration_of, task

KIND = "retry_connection"


def test_what_answers_is_active_again(alice, at_gmail, now):
    at_gmail.status, at_gmail.error_message = "error", "It was down."
    at_gmail.save()
    what = done(KIND, task(alice, now, integration=at_gmail))
    at_gmail.refresh_from_db()
    assert (at_gmail.status, at_gmail.error_message) == ("active", None)
    assert what.result == "gmail answered 200 (OK): it is active, before: error."
    assert what.before == {"status": "error", "error_message": "It was down."}
    assert what.after["answer"] == {"code": 200, "text": '{"status": "ok", "name": "gmail"}'}


def test_it_can_be_taken_back(alice, at_gmail, now):
    at_gmail.status, at_gmail.error_message = "error", "It was down."
    at_gmail.save()
    requested = task(alice, now, integration=at_gmail)
    what = done(KIND, requested)
    operations[KIND].undo(requested, what.before, what.after)
    at_gmail.refresh_from_db()
    assert (at_gmail.status, at_gmail.error_message) == ("error", "It was down.")


def test_it_is_not_taken_back_where_the_status_has_changed_since(alice, at_gmail, now):
    requested = task(alice, now, integration=at_gmail)
    what = done(KIND, requested)
    at_gmail.status = "syncing"
    at_gmail.save()
    with pytest.raises(OperationFailed, match="gmail has changed to syncing since then, so the status is kept"):
        operations[KIND].undo(requested, what.before, what.after)


def test_what_is_out_of_order_is_tried_again(alice, at_gmail, gmail, now):
    gmail.broke("health")
    with pytest.raises(OperationFailed, match=r"gmail answered 503 \(Service Unavailable\)") as failure:
        done(KIND, task(alice, now, integration=at_gmail))
    assert failure.value.again
    gmail.healed()
    assert done(KIND, task(alice, now, integration=at_gmail)).after["status"] == "active"


@pytest.mark.parametrize(("code", "again"), [(408, True), (429, True), (500, True), (504, True)])
def test_what_may_pass_is_tried_again(alice, now, httpserver, loopback, code, again):
    httpserver.expect_request("/health").respond_with_data("", status=code)
    one = integration_of(alice, config={"health_url": httpserver.url_for("/health")})
    with pytest.raises(OperationFailed) as failure:
        done(KIND, task(alice, now, integration=one))
    assert failure.value.again is again


@pytest.mark.parametrize("code", [302, 401, 404, 410])
def test_what_refuses_is_in_error(alice, now, httpserver, loopback, code):
    httpserver.expect_request("/health").respond_with_data("no", status=code)
    one = integration_of(alice, config={"health_url": httpserver.url_for("/health")})
    done(KIND, task(alice, now, integration=one))
    one.refresh_from_db()
    assert one.status == "error"
    assert one.error_message.startswith(f"The health URL answered {code}")


def test_nobody_is_there(alice, now, loopback):
    one = integration_of(alice, config={"health_url": "http://127.0.0.1:9/health"})
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 could not be reached"):
        done(KIND, task(alice, now, integration=one))


def test_a_private_address_is_not_asked(alice, at_gmail, platform, now, settings):
    settings.OUTBOUND_ALLOWED = []
    with pytest.raises(AddressRefused, match="private network"):
        done(KIND, task(alice, now, integration=at_gmail))
    assert platform.platform.asked == []


def test_one_of_somebody_else_is_not_touched(bob, at_gmail, now):
    with pytest.raises(OperationFailed, match="The integration was deleted"):
        done(KIND, task(bob, now, integration=at_gmail))


def test_without_an_address_it_says_which_is_missing(alice, now):
    with pytest.raises(OperationFailed, match="The settings of gmail have no health_url"):
        done(KIND, task(alice, now, integration=integration_of(alice)))
