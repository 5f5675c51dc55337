"""A person sees where they are signed in, and ends it; a revoked session is really signed out."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import travel

from notifications.models import Delivery, Notification
from rules.models import ActivityEntry
from rules.text.activity import named_entries
from smartagent.accounts.tasks import forget_expired
from smartagent.accounts.tokens import issue_token
from smartagent.models import BrowserSession, User
from tests.conftest import PASSWORD, person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1"
NEW = "a much better battery"


def browser(user_agent, address, email="alice@example.com"):
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=user_agent)
    assert client.post("/login/", {"username": email, "password": PASSWORD}).status_code == 302
    return client


def is_signed_in(client):
    return client.get("/security/").status_code == 200


def sentences():
    events = ("sessions_revoked", "password_changed", "signed_out")
    return [each.sentence for each in named_entries(list(ActivityEntry.objects.filter(event_type__in=events)))]


@pytest.fixture
def laptop(alice):
    return browser(FIREFOX, "192.0.2.1")


@pytest.fixture
def phone(alice):
    return browser(IPHONE, "198.51.100.2")


def test_the_list_and_the_end_of_one(laptop, phone, bob):
    bobs = browser(FIREFOX, "192.0.2.9", "bob@example.com")
    page = laptop.get("/security/").content.decode()
    assert page.index("Firefox on Linux") < page.index("this session") < page.index("Safari on iPhone")
    assert "198.51.100.2" in page
    assert "192.0.2.9" not in page
    stolen = BrowserSession.objects.get(address="198.51.100.2")
    assert stolen.session_key not in page
    assert bobs.post("/security/sessions/revoke/", {"session": stolen.public_id}).status_code == 302
    assert is_signed_in(phone)
    answer = laptop.post("/security/sessions/revoke/", {"session": stolen.public_id}, follow=True)
    assert "Session signed out." in answer.content.decode()
    assert [is_signed_in(each) for each in (laptop, phone, bobs)] == [True, False, True]
    assert phone.get("/api/me/").status_code in (401, 403)
    assert sentences() == ["Alice signed out 1 session of their own from 192.0.2.1 (Firefox on Linux): by themselves."]
    assert laptop.post("/security/sessions/revoke/", {"session": "x"}).status_code == 404


def test_the_end_of_all_others(laptop, phone):
    third = browser(FIREFOX, "192.0.2.3")
    assert "2 other sessions signed out." in (
        laptop.post("/security/sessions/revoke/", {"session": "others"}, follow=True).content.decode()
    )
    assert [is_signed_in(each) for each in (laptop, phone, third)] == [True, False, False]


def test_a_new_password_ends_the_others(laptop, phone):
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert laptop.post("/password_change/", fields).status_code == 302
    assert [is_signed_in(each) for each in (laptop, phone)] == [True, False]
    assert BrowserSession.objects.exclude(user=None).count() == 1
    assert any("Alice changed their password" in each for each in sentences())


def test_administrators_sign_out_others(laptop, phone, alice, ada, client_of):
    admin, chosen = client_of(ada), {"action": "sign_out", "_selected_action": [str(alice.pk)]}
    assert "2 sessions signed out." in admin.post("/people/", chosen, follow=True).content.decode()
    assert not is_signed_in(laptop)
    assert "Ada signed out 2 sessions of alice@example.com" in sentences()[0]
    again = browser(FIREFOX, "192.0.2.1")
    fields = {"usable_password": "true", "password1": NEW, "password2": NEW}
    assert admin.post(f"/people/{alice.pk}/password/", fields).status_code == 302
    assert not is_signed_in(again)
    assert any("Ada changed the password of alice@example.com" in each for each in sentences())
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_administrators_see_and_end_the_sessions_of_others(laptop, phone, alice, ada, olga, client_of):
    admin, address = client_of(ada), f"/people/{alice.pk}/sessions/"
    assert address in admin.get(f"/people/{alice.pk}/").content.decode()
    page = admin.get(address).content.decode()
    assert "Safari on iPhone" in page
    assert "Sign out everywhere" in page
    stolen = BrowserSession.objects.get(address="198.51.100.2").public_id
    for other in (client_of(olga), laptop):
        assert address not in other.get(f"/people/{alice.pk}/").content.decode()
        assert other.post(f"/people/{ada.pk}/sessions/revoke/", {"session": "others"}).status_code in (403, 404)
    done = admin.post(f"{address}revoke/", {"session": str(stolen)}, follow=True)
    assert "Session signed out." in done.content.decode()
    assert [is_signed_in(each) for each in (laptop, phone)] == [True, False]
    with travel(timezone.now() + timedelta(minutes=20)):
        late = admin.post(f"{address}revoke/", {"session": "others"})
        assert late["Location"] == f"/confirm/?next=%2Fpeople%2F{alice.pk}%2Fsessions%2F"
    admin.post(f"{address}revoke/", {"session": "others"})
    assert not is_signed_in(laptop)
    assert "Nowhere." in admin.get(address).content.decode()
    assert admin.get(f"/people/{ada.pk}/sessions/")["Location"] == "/security/"
    assert client_of(olga).get(address).status_code == 403
    assert [each.split(" from ")[0] for each in sentences()] == [
        "Ada signed out 1 session of alice@example.com", "Ada signed out 1 session of alice@example.com",
    ]  # fmt: skip


def test_sessions_by_rest(laptop, phone, alice, ada, olga, client_of):
    mine = laptop.get(f"/api/people/{alice.pk}/sessions/").json()
    mine.sort(key=lambda each: not each["is_this"])
    assert [(each["browser"], each["address"], each["is_this"]) for each in mine] == [
        ("Firefox on Linux", "192.0.2.1", True), ("Safari on iPhone", "198.51.100.2", False),
    ]  # fmt: skip
    assert BrowserSession.objects.get(address="192.0.2.1").session_key not in str(mine)
    assert client_of(olga).get(f"/api/people/{alice.pk}/sessions/").status_code == 403
    adas = f"/api/people/{ada.pk}/sessions/"
    assert [laptop.get(adas).status_code, laptop.delete(adas).status_code] == [404, 404]
    token = issue_token(ada, "program")[1]
    program = Client(headers={"Authorization": f"Bearer {token}"})
    one = f"/api/v1/people/{alice.pk}/sessions/{mine[1]['id']}/"
    assert [program.delete(one).status_code, program.delete(one).status_code] == [204, 404]
    assert [is_signed_in(each) for each in (laptop, phone)] == [True, False]
    assert program.delete(f"/api/people/{alice.pk}/sessions/").json() == {"signed_out": 1}
    assert not is_signed_in(laptop)
    assert {each.split(" signed")[0] for each in sentences()} == {"Ada"}
    assert person("Adam", "administrators")
    adam = client_of(User.objects.get(email="adam@example.com"))
    assert adam.get(adas).status_code == 403  # of a superuser
    assert adam.post(f"/people/{ada.pk}/sessions/revoke/", {"session": "others"}).status_code == 403


def test_a_sign_in_from_a_new_browser_is_told(alice, mailoutbox):
    laptop = browser(FIREFOX, "192.0.2.1")  # the first ever
    laptop.post("/logout/")
    laptop.post("/login/", {"username": "alice@example.com", "password": PASSWORD})
    assert not Notification.objects.exists()
    phone = browser(IPHONE, "198.51.100.2")
    notice = Notification.objects.get()
    assert (notice.user, notice.title) == (alice, "Your account was signed in to from a new browser")
    assert notice.message.startswith("Safari on iPhone, from 198.51.100.2, ")
    assert notice.action_url == "/security/"
    assert Delivery.objects.filter(notification_id=notice.pk).exists()
    entries = named_entries(list(ActivityEntry.objects.filter(event_type="signed_in").order_by("created_at")))
    assert ["not known before" in each.sentence for each in entries] == [False, False, True]
    phone.post("/logout/")
    phone.post("/login/", {"username": "alice@example.com", "password": PASSWORD})
    stolen = Client()
    stolen.cookies["known_browser"] = phone.cookies["known_browser"].value[:-2] + "xx"
    assert Notification.objects.count() == 1
    stolen.post("/login/", {"username": "alice@example.com", "password": PASSWORD})
    assert Notification.objects.count() == 2
    Client().post("/password/forgotten/", {"email": alice.email})
    link = mailoutbox[-1].body.partition("http://localhost:8000")[2].split()[0]
    form, new = Client().get(link, follow=True), {"new_password1": NEW, "new_password2": NEW}
    form.client.post(form.request["PATH_INFO"], new)
    assert Notification.objects.order_by("created_at").last().title.startswith("Your password was set by a link")


def test_the_use_is_noted_at_most_once_a_minute(laptop, django_assert_num_queries):
    is_signed_in(laptop)
    row = BrowserSession.objects.get(user__isnull=False)
    assert (row.address, row.user_agent) == ("192.0.2.1", FIREFOX)
    with django_assert_num_queries(4):  # the session, the person and their permissions; nothing is written
        laptop.get("/login/")
    with travel(timezone.now() + timedelta(minutes=2)):
        is_signed_in(laptop)
    row.refresh_from_db()
    assert row.last_used_at > timezone.now() + timedelta(minutes=1)
    with travel(timezone.now() + timedelta(days=20)):
        forget_expired()
    assert not BrowserSession.objects.exists()


def test_an_address_where_one_is_signed_in_is_not_locked_out(laptop):
    for n in range(11):
        Client(REMOTE_ADDR="203.0.113.1").post("/login/", {"username": "alice@example.com", "password": f"wrong {n}"})
    assert browser(IPHONE, "192.0.2.1")
    right = {"username": "alice@example.com", "password": PASSWORD}
    assert Client(REMOTE_ADDR="203.0.113.2").post("/login/", right).status_code == 429
