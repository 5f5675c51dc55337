"""A channel that holds an alert for each instance gets all of them, and an incident ends when nothing fires."""

import pytest

from notifications.delivery.pipeline import prepare
from notifications.delivery.rendering import write
from notifications.models import Delivery
from tests.notifications.outside import START, channel_of
from tests.rules.evaluation.test_series import MINUTE, on_load, push, run

pytestmark = pytest.mark.usefixtures("clock")
HOSTS = [f"h{n:02d}" for n in range(12)]


def messages(at):
    prepare(at)
    written, failed = write(Delivery.objects.values_list("pk", flat=True))
    assert not failed
    return {message.reason: message for _, message, _ in written}


def test_all_instances_of_a_notification_reach_alertmanager(alice):
    channel_of(alice, "alertmanager", url="https://alerts.example.com")
    push(START, {f"host={host}": 95 for host in HOSTS})
    on_load(alice)
    run(START)
    instances = messages(START)["first"].facts["instances"]
    assert sorted(each["target"] for each in instances) == [f'{{host="{host}"}}' for host in HOSTS]
    assert {(each["value"], each["person_name"]) for each in instances} == {(95.0, "Alice")}


@pytest.mark.parametrize(("mode", "incident"), [("each", "rule"), ("one", "thread")])
def test_what_else_fires_of_an_incident_is_known(alice, mode, incident):
    channel_of(alice, "webhook", url="https://hook.example.com")
    rule = on_load(alice, series_mode=mode, action_config={"notify_resolved": True})
    push(START, {"host=a": 95, "host=b": 96, "": 97})
    run(START)
    push(START, {"host=a": 5, "": 5}, ago=-4 * MINUTE)
    run(START + 5 * MINUTE)
    over = messages(START + 5 * MINUTE)["resolved"]
    assert over.others_firing == (1 if mode == "each" else 0)
    assert over.incident == (str(rule.pk) if incident == "rule" else over.thread)
