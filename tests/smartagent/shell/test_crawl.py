"""Every page, by every role: what is shown there can be followed and pressed, and nothing of it is refused."""

import re
from collections import Counter, defaultdict
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from notifications.models import Delivery, EscalationPolicy, Mute
from optimizer.models import OptimizationEvent
from rules.evaluation.dispatcher import dispatch
from rules.lifecycle.recycle_bin import delete
from rules.models import ActivityEntry, AutomationRule, Feedback, FusionScore, Integration, MetricSample, Silence
from smartagent.accounts.tokens import issue_token
from smartagent.bench.hostile.page import Page
from tests.examples import TIMES
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of

SAME = 1  # pages of one kind that are looked at
MOST = 400  # pages
ELSEWHERE = ("/static/", "/logout/", "/api/")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
DOCUMENTATION = re.compile(r"/docs/.+")  # its own tests follow the links from one page to another
NONCE = re.compile(r"'nonce-([^']+)'")
STRICT = (
    "default-src 'none'",
    "script-src 'self'",
    "script-src-attr 'none'",
    "style-src-attr 'none'",
    "base-uri 'none'",
)
HOUR = timedelta(hours=1)


@pytest.fixture
def everything(alice, bob, olga):
    """A small installation in which there is one of everything."""
    now = timezone.now()
    cpu = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 90}
    policy = EscalationPolicy.objects.create(user=olga, name="Nights", steps=[{"after": 900, "to": ["owner"]}])
    for person in (alice, bob, olga):
        rule = rule_of(
            person, rule_name=f"CPU of {person}", labels={"team": "db"}, runbook_url="https://a.example/", **cpu
        )
        rule_of(person, rule_name="Score", action_type="optimize")
        rule_of(person, rule_name="Draft", status="draft", **cpu)
        rule_of(person, rule_name="Paused", status="paused", **cpu)
        rule_of(person, rule_name="From a file", uid=str(person), provisioned_by=f"{person}.yaml", **cpu)
        rule.threshold_value = 80
        rule.save()
        channel = channel_of(person, "email", to="oncall@example.com")
        Integration.objects.create(user=person, integration_type="slack")
        issue_token(person, "build server")
        Mute.objects.create(user=person, rule=rule)
        silence = {"user": person, "created_by": person, "comment": "Upgrade", "ends_at": now + HOUR}
        Silence.objects.create(rule=rule_of(person, rule_name="Silenced", **cpu), starts_at=now - HOUR, **silence)
        Silence.objects.create(metric="disk", starts_at=now + HOUR / 2, **silence)
        Silence.objects.create(metric="disk", starts_at=now - 2 * HOUR, **silence | {"ends_at": now - HOUR})
        Silence.objects.create(
            metric="disk", starts_at=now, recurrence="FREQ=DAILY", duration=HOUR,
            **silence | {"ends_at": now + 50 * HOUR},
        )  # fmt: skip
        gone = rule_of(person, rule_name="Gone", **cpu)
        delete(AutomationRule.objects.filter(pk=gone.pk), person, now)
        FusionScore.objects.create(user=person, fusion_score=50, calculated_at=now)
        MetricSample.objects.push(user=person, metric="cpu", value=97, observed_at=now)
        dead = Delivery.objects.create(
            user=person, title="Dead", status="dead", channel=channel, kind="email", channel_name="email",
            expires_at=now + HOUR,
        )  # fmt: skip
        dead.attempts.create(number=1, outcome="refused", error="No such mailbox.", started_at=now, finished_at=now)
    rule_of(olga, rule_name="Of everyone", applies_to="everyone", action_config={"escalation": str(policy.pk)}, **cpu)
    dispatch(now, "schedule")
    for entry in ActivityEntry.objects.filter(event_type="rule_fired"):
        Feedback.objects.create(rule=entry.rule, entry=entry, user=entry.user, useful=False)
    assert OptimizationEvent.objects.count() == 3


# And olga, on her way to hostile requests: see test_fuzz_pages.
@pytest.fixture(params=["alice", *(["audra"] if TIMES > 1 else [])])
def visitor(request, everything):
    return Visitor(request.getfixturevalue(request.param))


def shape(address):
    """The path without what differs from one to the next of its kind, and the names of the parameters."""
    path, _, query = address.partition("?")
    return DOCUMENTATION.sub("/docs/PAGE", ID.sub("ID", path)), {part.partition("=")[0] for part in query.split("&")}


class Visitor:
    """Somebody who follows every link and presses every button."""

    def __init__(self, user):
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user)
        self.seen, self.pressed, self.wrong = {}, set(), []
        self.paths, self.names = Counter(), defaultdict(set)

    def visit(self, address, source):
        answer = self.client.get(address)
        self.note(answer, f"{source} leads to {address}")
        return answer

    def note(self, answer, what):
        if answer.status_code >= 400:
            self.wrong.append(f"{what}: {answer.status_code}")

    def walk(self):
        todo, known = [("/", "the address bar")], {"/"}
        while todo and len(self.seen) < MOST:
            address, source = todo.pop(0)
            answer = self.visit(address, source)
            self.seen[address] = answer.status_code
            if answer.status_code in (301, 302):
                answer = self.client.get(answer.url)
            if "html" not in answer.headers.get("Content-Type", "") or answer.status_code >= 400:
                continue
            policy = answer.headers.get("Content-Security-Policy", "")
            page = Page(address, answer.content.decode(), "".join(NONCE.findall(policy)[:1]))
            self.wrong += [f"{address} has {refused}" for refused in page.inline]
            self.wrong += [f"{address} lacks {part}" for part in STRICT if part not in policy]
            self.wrong += [f"{address} has no place {link}" for link in page.broken]
            for link in page.addresses():
                if link not in known and not link.startswith(ELSEWHERE) and self.is_new(link):
                    known.add(link)
                    todo.append((link, address))
            yield page

    def is_new(self, address):
        """Whether it is one of the first of its kind, or has a parameter that none had before."""
        path, names = shape(address)
        if names == {""}:
            self.paths[path] += 1
            return self.paths[path] <= SAME
        new = names - self.names[path]
        self.names[path] |= new
        return bool(new)

    def press_all(self, page):
        for form in (each for each in page.forms if each.method != "dialog"):
            for action, fields, text in presses(form):
                address = page.address if action in ("", ".") else urljoin(page.address, action)
                kind = (form.method, shape(address)[0], tuple(sorted(fields)), text)
                if kind not in self.pressed and not address.startswith(ELSEWHERE):
                    self.pressed.add(kind)
                    self.press(form.method, address, fields, page.address)

    def press(self, method, address, fields, source):
        """And take back what it has done."""
        cookies = self.client.cookies.copy()
        with transaction.atomic():
            answer = getattr(self.client, method)(address, fields)
            transaction.set_rollback(True)
        self.client.cookies = cookies
        self.note(answer, f"{source} sends {method} {address} {fields}")


def presses(form):
    """What each button of a form sends, and what tells it from others; in a list, its actions for the first row."""
    typed = [(form.action, "", "")] if form.method == "get" else []  # Enter sends it also without a button
    for action, name, value in form.buttons or typed:
        fields = {key: values for key, values in form.fields.items() if key != "csrfmiddlewaretoken"}
        fields |= {name: [value]} if name else {}
        rows = form.options.get("_selected_action", []) if action == form.action else []
        for verb in form.options.get("action", []) if rows else [None]:
            given = fields | ({"action": [verb], "_selected_action": rows[:1]} if verb else {})
            yield action, given, (name, ID.sub("ID", value), verb, *fields.get("verb", []))


def pages_of(visitor):
    """The pages that somebody is led to; nothing that is shown there is refused."""
    for page in visitor.walk():
        if "?" not in page.address:  # with other filters a list has the same buttons
            visitor.press_all(page)
        yield page
    assert not visitor.wrong, "\n".join(visitor.wrong)
    assert len(visitor.seen) > 50


def test_nothing_that_is_shown_is_refused(visitor):
    assert all(pages_of(visitor))
