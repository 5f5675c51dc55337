"""The pages of channels: list, kinds, form, and the page of one with its test, its breaker and a preview."""

import re
from urllib.parse import unquote

import pytest
from django.urls import reverse
from pytest_httpserver import HTTPServer

from notifications.channels.credentials import values_of
from notifications.channels.webhook import new_key
from notifications.delivery.rendering import message_of
from notifications.delivery.worker import deliver
from notifications.models import Channel, Delivery
from notifications.registries import channels
from tests.notifications.outside import MINUTE, START, channel_of, tell
from tests.rules.rule_cast import entry_of, rule_of

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_channel_changelist"
KEY = new_key()
FILLED = {
    "email": {"to": "oncall@example.com"}, "slack": {"url": "https://hooks.slack.com/services/T/B/s3cret-of-slack"},
    "teams": {"url": "https://a.example/workflows/1?sig=s3cret-of-teams"},
    "sms": {"to": "+49301234567", "sender": "+15550100", "account": "AC0123", "token": "s3cret-of-twilio"},
    "webhook": {"url": "https://a.example/hook", "key": KEY},
    "pagerduty": {"key": "0123456789abcdef0123456789abcdef"},
    "alertmanager": {"url": "https://a.example", "username": "alert-sender", "password": "s3cret-of-alertmanager"},
    "sendgrid": {"to": "oncall@example.com", "sender": "agent@example.com", "key": "SG.s3cret-of-sendgrid"},
}  # fmt: skip


def page(name, *args):
    return reverse(f"admin:notifications_channel_{name}", args=args)


def filled(kind, **more):
    return {"name": "mine", "position": "0", "enabled": "on", **FILLED[kind]} | more


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def messages_after(client, answer):
    return [str(message) for message in client.get(answer.url).context["messages"]]


def test_every_kind_has_a_form_here():
    assert set(FILLED) == set(channels.plugs)


def test_the_kinds_lead_to_their_forms(alice, client_of):
    shown = client_of(alice).get(page("add")).content.decode()
    for kind in channels:
        assert kind.label in shown
        assert f'href="{page("new", kind.kind)}"' in shown
    assert client_of(alice).get(page("new", "pigeon")).status_code == 404


@pytest.mark.parametrize("kind", FILLED)
def test_a_channel_of_each_kind_is_made_and_its_secrets_stay(alice, client_of, kind):
    client = client_of(alice)
    assert client.post(page("new", kind), filled(kind)).status_code == 302
    channel = Channel.objects.get()
    assert (channel.user, channel.kind, channel.name, values_of(channel)) == (alice, kind, "mine", FILLED[kind])
    secrets = {FILLED[kind][name] for name in channels[kind].secrets if name in FILLED[kind]}
    for address in (page("page", channel.pk), page("edit", channel.pk), reverse(LIST)):
        shown = client.get(address).content.decode()
        assert not [secret for secret in secrets if secret in shown]
    without = {name: value for name, value in filled(kind, name="again").items() if value not in secrets}
    assert client.post(page("edit", channel.pk), without).status_code == 302
    channel.refresh_from_db()
    assert (channel.name, values_of(channel)) == ("again", FILLED[kind])


@pytest.mark.parametrize("kind", FILLED)
def test_every_field_that_must_be_filled_in_says_so(alice, client_of, kind):
    client = client_of(alice)
    needed = [name for name, field in channels[kind].form.base_fields.items() if field.required]
    answer = client.post(page("new", kind), {"name": "", "position": "", "enabled": "on"})
    form = answer.context["form"]
    assert set(form.settings.errors) == set(needed)
    assert set(form.errors) == {"name", "position"}
    assert words(answer).count("This field is required.") >= len(needed) + 2
    assert not Channel.objects.exists()


def test_what_was_typed_stays_where_something_is_wrong_but_for_secrets(alice, client_of):
    answer = client_of(alice).post(page("new", "sms"), filled("sms", to="abc", name="my phone"))
    shown = answer.content.decode()
    assert "Enter the number with the country code" in shown
    assert 'value="my phone"' in shown
    assert 'value="AC0123"' in shown
    assert "s3cret-of-twilio" not in shown


def test_a_secret_that_may_be_left_out_can_be_removed(alice, client_of):
    channel = channel_of(alice, **FILLED["webhook"])
    client_of(alice).post(page("edit", channel.pk), filled("webhook", key="", remove_key="on"))
    channel.refresh_from_db()
    assert values_of(channel) == {"url": "https://a.example/hook"}
    assert channel.sealed == ""


def test_two_channels_of_one_name(alice, bob, client_of):
    channel_of(alice, name="mine", url="https://a.example/")
    answer = client_of(alice).post(page("new", "email"), filled("email", name=" mine "))
    assert "You already have a channel with this name." in words(answer)
    assert client_of(bob).post(page("new", "email"), filled("email")).status_code == 302


def test_a_key_is_made_shown_once_and_the_one_before_signs_too(alice, client_of):
    client = client_of(alice)
    answer = client.post(page("new", "webhook"), filled("webhook", key="", make_key="on"))
    channel = Channel.objects.get()
    first = values_of(channel)["key"]
    assert first in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert first not in client.get(page("page", channel.pk)).content.decode()
    client.post(page("edit", channel.pk), filled("webhook", key="", make_key="on"))
    channel.refresh_from_db()
    assert values_of(channel)["old_key"] == first != values_of(channel)["key"]
    answer = client.post(page("edit", channel.pk), filled("webhook", key=KEY, make_key="on"))
    assert "Enter a key or generate one, not both." in words(answer)


def test_a_secret_that_was_lost_is_asked_for_again(alice, client_of, settings):
    channel = channel_of(alice, "slack", **FILLED["slack"])
    settings.SECRET_KEY = "another"
    client = client_of(alice)
    assert client.get(page("page", channel.pk)).status_code == 200
    answer = client.post(page("edit", channel.pk), filled("slack", url=""))
    assert list(answer.context["form"].settings.errors) == ["url"]


def test_what_waited_goes_out_by_a_new_channel_and_the_page_says_so(alice, client_of):
    tell(alice, START)
    Delivery.objects.update(expires_at="2100-01-01T00:00Z")
    client = client_of(alice)
    answer = client.post(page("new", "email"), filled("email"))
    assert messages_after(client, answer) == ["Channel saved. 1 waiting notification is sent now."]


@pytest.mark.parametrize("kind", FILLED)
def test_the_page_shows_what_a_message_looks_like_there(alice, client_of, kind, settings):
    channel = channel_of(alice, kind, **FILLED[kind])
    shown = client_of(alice).get(page("page", channel.pk)).context["preview"]
    assert "fusion score" in shown
    tell(alice, title="CPU is high", rule_id=None)
    assert not [value for value in FILLED[kind].values() if value in shown and value in channel.sealed]


@pytest.mark.django_db(transaction=True)
def test_the_test_button_says_what_really_came_of_it(alice, client_of, httpserver: HTTPServer):
    httpserver.expect_ordered_request("/hook").respond_with_data("thanks")
    httpserver.expect_ordered_request("/hook").respond_with_data("go away", status=410)
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    client = client_of(alice)
    (taken,) = messages_after(client, client.post(page("test", channel.pk)))
    assert re.fullmatch(r"Test message delivered in [\d,]+ ms\.", taken)
    assert messages_after(client, client.post(page("test", channel.pk))) == ["Test message failed. Answered 410."]
    shown = words(client.get(page("page", channel.pk)))
    for part in ("Failing", "Answered 410.", "go away", "thanks", "Retry now", "[TEST] webhook"):
        assert part in shown
    Channel.objects.update(enabled=False)
    (refused,) = messages_after(client, client.post(page("test", channel.pk)))
    assert refused.startswith("This channel is disabled")
    assert len(httpserver.log) == 2


@pytest.mark.django_db(transaction=True)
def test_a_broken_channel_is_used_again(alice, client_of, httpserver: HTTPServer, clock):
    httpserver.expect_ordered_request("/hook").respond_with_data("no", status=404)
    httpserver.expect_request("/hook").respond_with_data("ok")
    channel = channel_of(alice, url=httpserver.url_for("/hook"))
    tell(alice, title="first")
    deliver(START)
    tell(alice, title="second")
    clock.move_to(START + MINUTE)
    assert deliver(START + MINUTE) == 0
    client = client_of(alice)
    assert "Retry now" in words(client.get(page("page", channel.pk)))
    assert messages_after(client, client.post(page("close", channel.pk))) == [
        "Channel enabled again. Waiting notifications are sent now."
    ]
    deliver(START + MINUTE)
    assert Delivery.objects.get(title="second").status == "delivered"
    assert "Retry now" not in words(client.get(page("page", channel.pk)))


def test_who_looks_at_a_message_cannot_act_by_its_links(alice, audra, now, client_of):
    rule = rule_of(alice)
    entry = entry_of(rule, now)
    channel = channel_of(alice, "email", to="x@example.com")
    (delivery,) = tell(alice, rule_id=rule.pk, metadata={"entry": str(entry.pk)})
    assert message_of(delivery).acknowledge_url
    for address in (page("page", channel.pk), reverse("admin:notifications_delivery_change", args=[delivery.pk])):
        shown = client_of(audra).get(address).content.decode()
        assert "CPU is 95" in shown
        assert not [link for link in re.findall(r"/links/\w+/([^/]*)/", shown) if unquote(link) != "…"]


def test_a_channel_that_is_saved_is_used_again(alice, client_of):
    channel = channel_of(alice, "email", to="x@example.com")
    Channel.objects.update(opened_at=START, retry_at=START, failures=5, cause="The mail server said 550.")
    client_of(alice).post(page("edit", channel.pk), filled("email"))
    channel.refresh_from_db()
    assert (channel.is_open, channel.failures, channel.cause) == (False, 0, "")


def test_deleted_and_its_deliveries_stay(alice, client_of):
    channel = channel_of(alice, name="mine", url="https://a.example/")
    tell(alice, START)
    client = client_of(alice)
    assert client.get(page("delete", channel.pk)).status_code == 200
    client.post(page("delete", channel.pk), {"post": "yes"})
    assert not Channel.objects.exists()
    assert Delivery.objects.get().channel_name == "mine"


def test_the_list_shows_how_each_does(alice, client_of):
    channel_of(alice, name="works", url="https://a.example/")
    Channel.objects.create(user=alice, kind="slack", name="chat", opened_at=START, retry_at=START, failures=5)
    Channel.objects.create(user=alice, kind="pigeon", name="loft", enabled=False)
    client = client_of(alice)
    shown = words(client.get(reverse(LIST)))
    for part in ("Webhook", "Untested", "Failing", "next attempt", "pigeon (not installed)", "Disabled"):
        assert part.lower() in shown.lower()
    assert "loft" not in words(client.get(reverse(LIST) + "?state=failing"))
    gone = Channel.objects.get(kind="pigeon")
    assert client.get(page("page", gone.pk)).status_code == 200
    assert client.get(page("edit", gone.pk)).status_code == 404


def test_a_list_without_any_says_what_they_are_for(alice, client_of):
    assert "No channel yet" in words(client_of(alice).get(reverse(LIST)))


ADDRESSES = [("get", "page"), ("get", "edit"), ("post", "edit"), ("post", "test"), ("post", "close"), ("get", "delete")]


@pytest.mark.parametrize(("verb", "name"), ADDRESSES)
def test_bob_gets_404_for_alices(alice, bob, client_of, verb, name):
    channel = channel_of(alice, url="https://a.example/")
    assert getattr(client_of(bob), verb)(page(name, channel.pk)).status_code == 404
    assert "a.example" not in client_of(bob).get(reverse(LIST)).content.decode()


@pytest.mark.parametrize(("verb", "name"), ADDRESSES[1:])
def test_an_auditor_looks_and_changes_nothing(alice, audra, client_of, verb, name):
    channel = channel_of(alice, url="https://a.example/hook/with/token")
    client = client_of(audra)
    assert getattr(client, verb)(page(name, channel.pk)).status_code == 403
    shown = client.get(page("page", channel.pk)).content.decode()
    assert "a.example" in shown
    assert "with/token" not in shown
    assert "Send a test" not in shown
    assert client.get(page("add")).status_code == client.get(page("new", "email")).status_code == 403
    assert not Delivery.objects.exists()


def test_an_operator_repairs_those_of_others_which_stay_theirs(alice, olga, client_of):
    channel = channel_of(alice, "email", to="x@example.com")
    assert client_of(olga).post(page("edit", channel.pk), filled("email")).status_code == 302
    channel.refresh_from_db()
    assert (channel.user, channel.config) == (alice, {"to": "oncall@example.com"})


@pytest.mark.parametrize("name", ["test", "close"])
def test_looking_does_nothing(alice, client_of, name):
    channel = channel_of(alice, url="https://a.example/")
    assert client_of(alice).get(page(name, channel.pk)).status_code == 405


def test_secrets_are_entered_again_for_another_address(client_of, alice):
    client, channel = client_of(alice), channel_of(alice, url="https://a.example/hook", key=KEY)
    moved = filled("webhook", url="https://b.example/hook")
    assert "enter this secret again or remove it" in words(client.post(page("edit", channel.pk), moved | {"key": ""}))
    channel.refresh_from_db()
    assert values_of(channel) == {"url": "https://a.example/hook", "key": KEY}
    client.post(page("edit", channel.pk), moved | {"key": "", "make_key": "on"})
    channel.refresh_from_db()
    assert values_of(channel)["url"] == "https://b.example/hook"
    assert KEY not in values_of(channel).values(), "the key that was stored signs nothing for the other address"


def test_deleting_one_is_asked_in_plain_words(alice, client_of):
    channel = channel_of(alice, name="ops", url="https://a.example/")
    shown = words(client_of(alice).get(reverse("admin:notifications_channel_delete", args=[channel.pk])))
    assert "Delete the channel “ops”? This cannot be undone." in shown
