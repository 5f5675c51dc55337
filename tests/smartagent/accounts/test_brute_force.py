"""Guesses of passwords, tokens and links are stopped; whom they are about can still sign in."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from rules.models import ActivityEntry
from rules.text.activity import named_entries
from smartagent.accounts.events import SIGN_IN_EVENTS
from smartagent.accounts.failed_attempts import MAX_ENTRIES_PER_HOUR, log_failure
from smartagent.accounts.sign_in_limits import Guess
from smartagent.accounts.tokens import issue_token
from smartagent.kernel.attempts import Attempt, BackOff, Blocked, attempts_key, forget_old_attempts, take
from smartagent.kernel.client_address import client_address, network_of
from tests.conftest import PASSWORD
from tests.examples import TIMES

PASSWORDS, ADDRESSES = (10_000 if TIMES > 1 else 2_000), 100  # one a second
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
KINDS = [event.kind for event in SIGN_IN_EVENTS]


def sign_in(client, password=PASSWORD, email="alice@example.com", **more):
    return client.post("/login/", {"username": email, "password": password}, **more)


def logged():
    entries = ActivityEntry.objects.filter(event_type__in=KINDS).exclude(event_type="signed_out")
    return named_entries(list(entries.order_by("created_at", "id")))


def attack(passwords):
    """As many wrong passwords, one a second, from a hundred addresses in turns; return how many of them were tried."""
    requests = [RequestFactory(REMOTE_ADDR=f"203.0.113.{n}").post("/login/") for n in range(ADDRESSES)]
    tried, now = 0, timezone.now()
    for n in range(passwords):
        guess = Guess(requests[n % ADDRESSES], "alice@example.com")
        with suppress(Blocked):
            guess.take(now + timedelta(seconds=n))
            tried += 1
            guess.failed("wrong password", now + timedelta(seconds=n))
    return tried


def test_passwords_by_the_thousand_from_a_hundred_addresses(alice):
    mine = Client(REMOTE_ADDR="203.0.113.7")  # one of the hundred
    with travel(START - timedelta(days=1)):
        assert sign_in(mine).status_code == 302
        mine.post("/logout/")
    with travel(START, tick=False) as clock:
        assert attack(PASSWORDS) == (17 if TIMES > 1 else 15)
        clock.shift(PASSWORDS)
        strange = sign_in(Client(REMOTE_ADDR="198.51.100.1"))  # the right password, but who knows whose
        assert strange.status_code == 429
        assert 0 < int(strange["Retry-After"]) <= 3600
        assert "Too many failed attempts. Try again in" in strange.content.decode()
        assert sign_in(mine).status_code == 302
    entries = logged()
    assert len(entries) < 15
    assert [each.event_type for each in entries[:3]] == ["signed_in", "sign_in_failed", "sign_in_locked"]
    assert entries[1].sentence == (
        "Failed attempt to sign in as alice@example.com from 203.0.113.0 (Unknown browser): wrong password."
    )
    assert entries[2].sentence == (
        "Signing in as alice@example.com is blocked for 60 seconds, after 10 attempts, the last from 203.0.113.9 "
        "(Unknown browser)."
    )
    assert entries[-1].sentence == "Alice signed in by password from 203.0.113.7 (Unknown browser)."
    assert {each.user_id for each in entries} == {alice.pk}


def test_a_known_browser_has_attempts_of_its_own(alice):
    mine, copy = Client(), Client()
    sign_in(mine)
    mine.post("/logout/")
    copy.cookies["known_browser"] = mine.cookies["known_browser"].value
    with travel(START, tick=False) as clock:
        answers = [sign_in(copy, f"wrong {n}").status_code for n in range(12)]
        assert answers == [200] * 10 + [429] * 2
        assert sign_in(Client()).status_code == 302  # others are not concerned
        clock.shift(31)
        assert sign_in(copy).status_code == 302
    assert any(each.sentence.endswith(", after 10 failed attempts.") for each in logged())
    forged = Client()
    forged.cookies["known_browser"] = mine.cookies["known_browser"].value[:-3] + "abc"
    for n in range(11):
        sign_in(Client(), f"wrong {n}")
    assert sign_in(forged).status_code == 429


def test_a_new_password_by_mail_opens_the_account(alice):
    for n in range(10):
        sign_in(Client(), f"wrong {n}")
    assert sign_in(Client()).status_code == 429
    for _ in range(5):  # no more than three mails
        Client().post(reverse("admin_password_reset"), {"email": alice.email})
    assert len(mail.outbox) == 3
    link = mail.outbox[-1].body.partition("http://localhost:8000")[2].split()[0]
    client = Client()
    form = client.get(link, follow=True)
    new = {"new_password1": "a much better battery", "new_password2": "a much better battery"}
    client.post(form.request["PATH_INFO"], new, follow=True)
    assert sign_in(Client(), new["new_password1"]).status_code == 302
    assert [each.event_type for each in logged()].count("password_reset_requested") == 3


def test_one_address_at_many_accounts(alice, bob, settings):
    settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 3
    for n in range(3):
        assert sign_in(Client(), email=f"nobody{n}@example.com").status_code == 200
    assert sign_in(Client()).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="192.0.2.1")).status_code == 302
    assert "somebody who has no account from 127.0.0.1" in logged()[0].sentence
    assert sign_in(Client(REMOTE_ADDR="2001:db8::1"), email="x@example.com").status_code == 200
    settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = settings.SIGN_IN_ATTEMPTS_PER_ACCOUNT = 0
    assert sign_in(Client()).status_code == 302


def test_tokens_and_links_that_nobody_made(alice, settings):
    settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 3
    (_, used), (_, fresh) = issue_token(alice, "used"), issue_token(alice, "fresh")

    def ask(token):
        return Client().get("/api/me/", headers={"Authorization": f"Bearer {token}"})

    assert ask(used).status_code == 200
    assert [ask("sa_mistyped").status_code for _ in range(5)] == [401] * 5  # one guess, again and again
    assert [ask(f"sa_{n}").status_code for n in range(4)] == [401, 401, 429, 429]
    refused = ask(fresh)
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert refused.json()["detail"][0].startswith("Too many failed attempts. Try again in ")
    assert ask(used).status_code == 200  # a program that works goes on
    for number, address in enumerate(("/links/acknowledge/x/", "/links/unsubscribe/x/", "/password/new/x/y/")):
        page = Client().get(address)
        assert (page.status_code, "Too many failed attempts" in page.content.decode()) == (429, True)
        wrong = [Client(REMOTE_ADDR=f"192.0.2.{number}").get(f"{address[:-2]}{n}/").status_code for n in range(4)]
        assert wrong == [200 if "password" in address else 410] * 3 + [429]


def test_a_flood_of_failures_does_not_flood_the_log(db):
    with travel(START, tick=False) as clock:
        for n in range(MAX_ENTRIES_PER_HOUR + 7):
            log_failure([], None, timezone.now(), cause="wrong password", address=f"192.0.2.{n % 250}", browser="")
        assert len(logged()) == MAX_ENTRIES_PER_HOUR
        clock.shift(3600)
        log_failure([Attempt(1, START, False)], None, timezone.now(), cause="x", address="192.0.2.1", browser="")
    sentences = [each.sentence for each in logged()]
    assert "7 further failed attempts to sign in within an hour are not listed one by one." in sentences
    assert len(sentences) == MAX_ENTRIES_PER_HOUR + 2


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_one_by_one():
    limits, now = (
        [(attempts_key("test", "x"), BackOff(free=5, first=timedelta(minutes=1), longest=timedelta(1)))],
        START,
    )

    def guess(_):
        with closing(connection):
            try:
                return bool(take(limits, now))
            except Blocked:
                return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(40))) == 5


def test_the_wait_doubles_up_to_the_longest_and_is_forgotten_after_a_day(db):
    key, waits, now = attempts_key("test", "x"), [], START
    back_off = BackOff(free=2, first=timedelta(minutes=1), longest=timedelta(minutes=5))
    for _ in range(6):
        [attempt] = take([(key, back_off)], now)
        waits.append((attempt.blocked_until - now).total_seconds() / 60)
        now = attempt.blocked_until
    assert waits == [0, 1, 2, 4, 5, 5]
    [later] = take([(key, back_off)], now + timedelta(days=2))
    assert later.number == 1
    assert (forget_old_attempts(now), forget_old_attempts(now + timedelta(days=4))) == (0, 1)


@pytest.mark.parametrize(("proxies", "forwarded", "address"), [
    (0, "6.6.6.6", "10.0.0.1"),
    (1, "6.6.6.6, 192.0.2.9", "192.0.2.9"),
    (2, "6.6.6.6, 192.0.2.9, 10.0.0.7", "192.0.2.9"),
    (2, "::ffff:192.0.2.9", "192.0.2.9"),
    (1, "", "10.0.0.1"),
    (1, "<script>", ""),
])  # fmt: skip
def test_the_address_is_what_our_own_proxies_have_seen(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address
    assert network_of("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
