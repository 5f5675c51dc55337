"""Channels by REST: made, changed, tried out; secrets go in, and never come out."""

import json

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook

from notifications.channels.credentials import values_of
from notifications.channels.webhook import new_key
from notifications.models import Channel, Delivery, DeliveryAttempt
from notifications.registries import channels
from tests.api import Program
from tests.notifications.outside import START, channel_of, tell

pytestmark = pytest.mark.django_db
KEY = new_key()


def webhook(**fields):
    return {"kind": "webhook", "name": "ops", "settings": {"url": "https://a.example/hook"}} | fields


def test_made_read_changed_and_deleted(alice):
    program = Program(alice)
    made = program.post("channels/", webhook(settings={"url": "https://a.example/hook", "key": KEY}), status=201)
    assert made["settings"] == {"url": "https://a.example/hook"}
    assert made["secrets"] == {"key": True, "old_key": False}
    assert (made["user"], made["state"], made["where"], made["enabled"]) == (
        str(alice.pk),
        "untested",
        "a.example",
        True,
    )
    address = f"channels/{made['id']}/"
    assert program.get(address) == made
    assert program.get("channels/")["results"] == [made]
    changed = program.patch(address, {"name": "night", "enabled": False, "position": 3})
    assert (changed["name"], changed["state"], changed["position"]) == ("night", "disabled", 3)
    assert values_of(Channel.objects.get()) == {"url": "https://a.example/hook", "key": KEY}
    program.delete(address, status=204)
    assert not Channel.objects.exists()


def test_settings_that_are_left_out_stay_and_null_removes(alice):
    channel = channel_of(alice, url="https://a.example/hook", key=KEY)
    program, address = Program(alice), f"channels/{channel.pk}/"
    program.patch(address, {"settings": {"url": "https://a.example/hook"}})
    channel.refresh_from_db()
    assert values_of(channel) == {"url": "https://a.example/hook", "key": KEY}
    assert program.patch(address, {"settings": {"key": None}})["secrets"] == {"key": False, "old_key": False}
    assert "required" in program.patch(address, {"settings": {"url": None}}, status=400)["settings.url"][0]


def test_secrets_are_entered_again_for_another_address(alice):
    other = new_key()
    channel = channel_of(alice, url="https://a.example/hook", key=KEY, old_key=other)
    program, address = Program(alice), f"channels/{channel.pk}/"
    moved = {"url": "https://b.example/hook"}
    refused = program.patch(address, {"settings": moved}, status=400)
    assert set(refused) == {"settings.key", "settings.old_key"}
    assert "enter this secret again or remove it" in refused["settings.key"][0]
    assert set(program.patch(address, {"settings": moved | {"key": other}}, status=400)) == {"settings.old_key"}
    channel.refresh_from_db()
    assert values_of(channel) == {"url": "https://a.example/hook", "key": KEY, "old_key": other}
    program.patch(address, {"settings": moved | {"key": KEY, "old_key": None}})
    channel.refresh_from_db()
    assert values_of(channel) == moved | {"key": KEY}
    program.patch(address, {"settings": {"url": "https://c.example/hook", "key": None}})


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"settings": {"url": "nowhere"}}, "settings.url", "must begin with https://"),
        ({"settings": {}}, "settings.url", "required"),
        ({"settings": {"url": "https://a.example/", "key": "x"}}, "settings.key", "A signing key is whsec_"),
        ({"settings": {"url": "https://a.example/", "to": "x"}}, "settings.to", "Valid settings: url, key, old_key."),
        ({"settings": {"url": 7}}, "settings.url", "Use a text"),
        ({"settings": "https://a.example/"}, "settings", "Use an object"),
        ({"kind": "pigeon"}, "kind", "is not one of: email, slack"), ({"kind": 7}, "kind", "valid string"),
        ({"name": ""}, "name", "blank"), ({"name": "x" * 101}, "name", "100"),
        ({"colour": "red"}, "colour", "Unknown field"),
        ({"name": "taken"}, "name", "with this name already"), ({"position": -1}, "position", "greater"),
        ({"user": "nobody@example.com"}, "user", "set another owner"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(alice, fields, where, words):
    channel_of(alice, name="taken", url="https://a.example/")
    answer = Program(alice).post("channels/", webhook(**fields), status=400)
    assert words in answer[where][0]
    assert Channel.objects.count() == 1


def test_the_kind_stays(alice):
    channel = channel_of(alice, url="https://a.example/hook")
    answer = Program(alice).patch(f"channels/{channel.pk}/", {"kind": "slack"}, status=400)
    assert answer == {"kind": ["The type of a channel cannot be changed. Create another channel."]}
    Program(alice).put(f"channels/{channel.pk}/", webhook(), status=405)


def test_a_kind_that_is_gone_can_still_be_read_and_deleted(alice):
    channel = channel_of(alice, url="https://a.example/hook")
    Channel.objects.update(kind="pigeon")
    program, address = Program(alice), f"channels/{channel.pk}/"
    assert program.get(address)["secrets"] == {}
    assert "not installed" in program.patch(address, {"name": "x"}, status=400)["kind"][0]
    program.delete(address, status=204)


def test_a_secret_that_was_lost_is_sent_anew(alice, settings):
    channel = channel_of(alice, "slack", url="https://hooks.slack.com/services/T/B/x")
    settings.SECRET_KEY = "another"
    program, address = Program(alice), f"channels/{channel.pk}/"
    assert program.get(address)["secrets"] == {"url": False}
    assert "settings.url" in program.patch(address, {"name": "x"}, status=400)
    assert program.patch(address, {"settings": {"url": "https://hooks.slack.com/services/T/B/y"}})["secrets"] == {
        "url": True
    }


@pytest.mark.django_db(transaction=True)
def test_a_test_goes_the_real_way_and_gives_the_real_attempt(alice, httpserver: HTTPServer):
    httpserver.expect_ordered_request("/hook").respond_with_data("thanks")
    httpserver.expect_ordered_request("/hook").respond_with_data("who are you", status=403)
    channel = channel_of(alice, url=httpserver.url_for("/hook"), key=KEY)
    program, address = Program(alice), f"channels/{channel.pk}/test/"
    taken = program.post(address)
    assert (taken["outcome"], taken["code"], taken["excerpt"], taken["error"]) == ("delivered", 200, "thanks", "")
    assert Delivery.objects.get(pk=taken["delivery"]).status == "delivered"
    request = httpserver.log[0][0]
    body = Webhook(KEY).verify(request.data, dict(request.headers))
    assert (body["type"], body["data"]["title"]) == ("notification.test", "[TEST] webhook")
    refused = program.post(address)
    assert (refused["outcome"], refused["code"], refused["error"]) == ("refused", 403, "Answered 403.")
    assert DeliveryAttempt.objects.filter(pk=refused["id"], excerpt="who are you").exists()
    broken = program.get(f"channels/{channel.pk}/")
    assert (broken["state"], broken["cause"]) == ("failing", "Answered 403.")
    closed = program.post(f"channels/{channel.pk}/close-breaker/")
    assert (closed["state"], closed["cause"], closed["failures"], closed["retry_at"]) == ("untested", "", 0, None)


def test_a_channel_that_is_not_in_use_is_not_tried_out(alice):
    channel = channel_of(alice, url="https://a.example/hook")
    Channel.objects.update(enabled=False)
    answer = Program(alice).post(f"channels/{channel.pk}/test/", status=409)
    assert "Enable it first." in answer["detail"][0]
    assert not Delivery.objects.exists()


def test_a_new_key_is_shown_once_and_the_one_before_signs_too(alice):
    channel = channel_of(alice, url="https://a.example/hook", key=KEY)
    program = Program(alice)
    made = program.post(f"channels/{channel.pk}/new-key/")
    channel.refresh_from_db()
    assert values_of(channel) == {"url": "https://a.example/hook", "key": made["secret"], "old_key": KEY}
    assert made["secret"] not in json.dumps(program.get(f"channels/{channel.pk}/"))
    mail = channel_of(alice, "email", to="a@example.com")
    program.post(f"channels/{mail.pk}/new-key/", status=409)


def test_what_waited_for_a_channel_goes_out_by_a_new_one(alice, clock):
    (waiting,) = tell(alice, START)
    Program(alice).post("channels/", webhook(), status=201)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.channel_name) == ("due", "ops")


@pytest.mark.parametrize(
    ("verb", "suffix"),
    [("get", ""), ("patch", ""), ("delete", ""), ("post", "test/"), ("post", "close-breaker/"), ("post", "new-key/")],
)
def test_bob_gets_404_for_alices(alice, bob, verb, suffix):
    channel = channel_of(alice, url="https://a.example/hook")
    getattr(Program(bob), verb)(f"channels/{channel.pk}/{suffix}", {} if verb == "patch" else None, status=404)
    assert Program(bob).get("channels/")["results"] == []
    assert Channel.objects.get().updated_at == channel.updated_at


def test_an_auditor_sees_where_they_go_and_changes_nothing(alice, audra):
    channel = channel_of(alice, url="https://a.example/hook/with/a/token", key=KEY)
    program, address = Program(audra), f"channels/{channel.pk}/"
    seen = program.get(address)
    assert (seen["where"], seen["settings"], seen["secrets"]["key"]) == ("a.example", {}, True)
    program.patch(address, {"name": "x"}, status=403)
    program.delete(address, status=403)
    program.post("channels/", webhook(), status=403)
    for suffix in ("test/", "close-breaker/", "new-key/"):
        program.post(f"{address}{suffix}", status=403)


def test_an_operator_makes_and_repairs_those_of_others(alice, olga):
    made = Program(olga).post("channels/", webhook(user="alice@example.com"), status=201)
    assert made["user"] == str(alice.pk)
    assert Program(alice).get(f"channels/{made['id']}/")["settings"] == made["settings"]
    changed = Program(olga).patch(f"channels/{made['id']}/", {"settings": {"url": "https://c.example/"}})
    assert (changed["user"], changed["settings"]["url"]) == (str(alice.pk), "https://c.example/")


def test_filtered(alice):
    channel_of(alice, name="hook", url="https://a.example/")
    Channel.objects.create(user=alice, kind="slack", name="chat", opened_at=START, cause="Answered 404.")
    Channel.objects.create(user=alice, kind="email", name="mail", enabled=False)

    def names(query):
        return [found["name"] for found in Program(alice).get(f"channels/{query}")["results"]]

    assert names("?state=untested") == ["hook"]
    assert names("?state=works") == []
    assert names("?state=failing") == ["chat"]
    assert names("?state=disabled") == ["mail"]
    assert names("?kind=slack") == ["chat"]
    assert names("?ordering=name") == ["chat", "hook", "mail"]


def test_the_kinds_say_what_they_ask_for(alice):
    kinds = {kind["kind"]: kind for kind in Program(alice).get("channel-kinds/")}
    assert list(kinds) == list(channels.plugs)
    fields = {field["name"]: field for field in kinds["sms"]["fields"]}
    assert {name for name, field in fields.items() if field["secret"]} == {"token"}
    assert all(field["required"] and field["label"] for field in fields.values())
    Program(None).get("channel-kinds/", status=401)


def test_the_wording_is_kept_and_checked(alice):
    program = Program(alice)
    made = program.post("channels/", webhook(title_template="{{ severity | upcase }}: {{ rule_name }}"), status=201)
    assert made["title_template"] == "{{ severity | upcase }}: {{ rule_name }}"
    address = f"channels/{made['id']}/"
    refused = program.patch(address, {"body_template": "{% include 'x' %}"}, status=400)
    assert "include" in refused["body_template"][0]
    assert program.patch(address, {"title_template": ""})["title_template"] == ""
