"""Useful or noise: said of notifications in the inbox, on their page, of many at once, and by REST."""

from datetime import timedelta

import pytest
from django.urls import reverse

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import Feedback, MetricSample
from tests.api import Program
from tests.rules.rule_cast import rule_of

INBOX = "admin:notifications_notification_changelist"
PAGE = "admin:notifications_notification_change"
JUDGE = "admin:notifications_notification_feedback"
TICK = timedelta(minutes=5)


@pytest.fixture
def notifications(alice, now):
    """What Alice was told: that her rule fired, and that it has resolved."""
    rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=25,
            action_config={"notify_resolved": True})  # fmt: skip
    for number, value in enumerate([30, 10]):
        at = now + number * TICK
        MetricSample.objects.push(user=alice, metric="cpu", value=value, observed_at=at)
        dispatch(at, "command")
    return list(Notification.objects.order_by("created_at"))


def feedback():
    return [(one.user.full_name, one.useful) for one in Feedback.objects.order_by("user__full_name")]


def judge(client, one, verb, **headers):
    return client.post(reverse(JUDGE, args=[one.pk, verb]), headers=headers)


def test_one_click_and_taken_back(client_of, alice, notifications):
    client = client_of(alice)
    for verb, expected in (("useful", [("Alice", True)]), ("noise", [("Alice", False)]), ("withdraw", [])):
        assert judge(client, notifications[0], verb).status_code == 302
        assert feedback() == expected
    assert "Feedback cleared." in client.get(reverse(INBOX)).content.decode()


def test_htmx_gets_the_buttons_and_no_message(client_of, alice, notifications):
    client = client_of(alice)
    fragment = judge(client, notifications[0], "noise", hx_request="true").content.decode()
    assert fragment.count("<button") == 2
    assert fragment.count('aria-pressed="true"') == 1
    assert reverse(JUDGE, args=[notifications[0].pk, "withdraw"]) in fragment
    assert "Noted" not in client.get(reverse(INBOX)).content.decode()


def test_the_inbox_and_the_page_show_what_was_said(client_of, alice, notifications):
    client = client_of(alice)
    judge(client, notifications[0], "useful")
    for address in (reverse(INBOX), reverse(PAGE, args=[notifications[0].pk])):
        page = client.get(address).content.decode()
        assert 'aria-pressed="true" title="Useful' in page


def test_that_it_has_resolved_is_judged_with_its_firing(client_of, alice, notifications):
    judge(client_of(alice), notifications[1], "noise")
    assert [str(one.entry_id) for one in Feedback.objects.all()] == [notifications[0].metadata["entry"]]
    page = client_of(alice).get(reverse(PAGE, args=[notifications[0].pk])).content.decode()
    assert 'aria-pressed="true" title="Noise' in page


def test_many_at_once(client_of, alice, notifications):
    other = Notification.objects.create(user=alice, title="By hand", type="info", message="Hello")
    client = client_of(alice)
    chosen = {"_selected_action": [notifications[0].pk, other.pk], "index": 0}
    page = client.post(reverse(INBOX), chosen | {"action": "judge_noise"}, follow=True).content.decode()
    assert "Marked 1 notification as noise. 1 other was not from firing alerts" in page
    assert feedback() == [("Alice", False)]
    client.post(reverse(INBOX), chosen | {"action": "withdraw"})
    assert feedback() == []


def test_what_no_firing_told_cannot_be_judged(client_of, alice):
    client = client_of(alice)
    for metadata in ({}, {"entry": "nonsense"}, {"entry": "0" * 32}, {"text": "of another application"}):
        one = Notification.objects.create(user=alice, title="x", type="info", message="y", metadata=metadata)
        assert judge(client, one, "useful").status_code == 404
        Program(alice).post(f"notifications/{one.pk}/feedback/", {"useful": True}, status=409)
    assert 'class="sa-buttons sa-feedback"' not in client.get(reverse(INBOX)).content.decode()


def test_who_may_judge(client_of, alice, bob, olga, audra, notifications):
    assert judge(client_of(bob), notifications[0], "useful").status_code == 404
    assert judge(client_of(audra), notifications[0], "useful").status_code == 403
    assert judge(client_of(alice), notifications[0], "burn").status_code == 404
    assert client_of(alice).get(reverse(JUDGE, args=[notifications[0].pk, "noise"])).status_code == 405
    assert judge(client_of(olga), notifications[0], "noise").status_code == 302
    judge(client_of(alice), notifications[0], "useful")
    assert feedback() == [("Alice", True), ("Olga", False)]
    page = client_of(audra).get(reverse(INBOX) + "?whose=everyone").content.decode()
    assert "sa-feedback" not in page
    assert "judge_noise" not in page


def test_by_rest(alice, bob, audra, notifications):
    program, address = Program(alice), f"notifications/{notifications[0].pk}/feedback/"
    for useful in (True, False, None):
        answer = program.post(address, {"useful": useful})
        assert (answer["useful"], answer["rule"]) == (useful, str(notifications[0].rule_id))
        assert feedback() == ([] if useful is None else [("Alice", useful)])
    assert "true (useful)" in program.post(address, {"useful": "yes"}, status=400)["useful"][0]
    assert "useful" in program.post(address, {}, status=400)
    Program(bob).post(address, {"useful": True}, status=404)
    Program(audra).post(address, {"useful": True}, status=403)


def test_queries_do_not_grow(client_of, alice, notifications, django_assert_max_num_queries):
    client = client_of(alice)
    for _ in range(20):
        Notification.objects.create(
            user=alice,
            title="x",
            type="alert",
            message="y",
            metadata=notifications[0].metadata,
            rule=notifications[0].rule,
        )
    with django_assert_max_num_queries(20):
        client.get(reverse(INBOX))
