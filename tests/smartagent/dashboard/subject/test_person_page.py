"""The page of a person: who may open it, and what of them each viewer sees there."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from optimizer.models import OptimizationEvent
from rules.models import ActivityEntry, Integration, MetricSample
from smartagent.dashboard.subject.readings import ReadingsNow
from tests.rules.rule_cast import entry_of, rule_of, state_of

MINUTE = timedelta(minutes=1)


def page_of(client, person):
    return client.get(reverse("admin:person", args=[person.pk]))


def sections(client, person):
    return page_of(client, person).context["sections"]


def names(client, person):
    """What the page shows of each section."""
    shown = sections(client, person)
    nothing = ReadingsNow([], 0)
    return {
        "firing": [str(each.rule) for each in shown["firing"].rules],
        "readings": [each.name for each in shown.get("readings", nothing).rows],
        "latest": [each.heading for each in shown["latest"]],
        "notifications": [each.title for each in shown["notifications"].rows],
        "rules": [str(each) for each in shown["rules"].rows],
        "optimizations": [each.metric for each in shown["optimizations"].rows],
    }


def reading(person, metric, value, ago=MINUTE):
    MetricSample.objects.push(user=person, metric=metric, value=value, observed_at=timezone.now() - ago)


@pytest.fixture
def busy(alice, olga):
    """Of Alice: a rule of her own and one of Olga about everyone fire, she was told, and something is proposed."""
    now = timezone.now()
    for owner, name in ((alice, "Mine"), (olga, "Everyone's")):
        rule = rule_of(owner, rule_name=name, applies_to="owner" if owner == alice else "everyone")
        state_of(rule, now, user=alice)
        about = {"rule_name": name, "metric": "cpu", "value": 95, "threshold": 90, "person": str(alice.pk)}
        entry_of(rule, now, context=about)
    reading(alice, "cpu", 95)
    Notification.objects.create(user=alice, type="alert", title="CPU is high", message="95", severity="high")
    OptimizationEvent.objects.create(
        user=alice, source_event_type="x", optimization_action="auto", strategy="general", metric="cpu"
    )


def test_a_member_sees_what_is_their_own_and_an_operator_all(client_of, alice, olga, audra, busy):
    own = {
        "firing": ["Mine"], "readings": ["cpu"], "latest": ["Mine"], "notifications": ["CPU is high"],
        "rules": ["Mine"], "optimizations": ["cpu"],
    }  # fmt: skip
    assert names(client_of(alice), alice) == own
    for viewer in (olga, audra):
        seen = names(client_of(viewer), alice)
        assert {name: sorted(rows) for name, rows in seen.items()} == own | {
            name: ["Everyone's", "Mine"] for name in ("firing", "latest", "rules")
        }


def test_nobody_opens_the_page_of_somebody_they_may_not_know_of(client_of, alice, bob, busy):
    assert page_of(client_of(bob), alice).status_code == 404
    assert not any(names(client_of(bob), bob).values())
    assert client_of(bob).get("/people/me/").headers["Location"] == reverse("admin:person", args=[bob.pk])


def test_who_may_know_of_people_but_not_of_their_things_sees_an_empty_page(client_of, alice, bob, busy):
    bob.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert not any(names(client_of(bob), alice).values())


def test_acknowledged_there_for_this_person_alone(client_of, alice, bob, olga):
    rule = rule_of(olga, applies_to="everyone")
    for person in (alice, bob):
        state_of(rule, timezone.now(), user=person)
    client, address = client_of(olga), reverse("admin:person", args=[alice.pk])
    button = reverse("admin:rules_rulestate_acknowledge_rule", args=[rule.pk])
    page = client.get(address).content.decode()
    assert f'action="{button}"' in page
    assert f'name="person" value="{alice.pk}"' in page
    done = client.post(button, {"next": address, "person": alice.pk}, follow=True)
    assert done.redirect_chain == [(address, 302)]
    assert dict(rule.states.values_list("user", "handling")) == {alice.pk: "acknowledged", bob.pk: "open"}


def test_the_number_of_queries_is_the_same_however_much_there_is(client_of, alice, django_assert_max_num_queries):
    rule, client = rule_of(alice, metric_type="cpu"), client_of(alice)
    for number in range(20):
        reading(alice, f"cpu_{number:02}", number)
        state_of(rule_of(alice, rule_name=f"Rule {number:02}"), timezone.now())
        entry_of(rule, timezone.now())
    with django_assert_max_num_queries(32):
        page = page_of(client, alice)
    shown = page.context["sections"]
    assert (len(shown["readings"].rows), shown["readings"].more) == (12, 8)
    assert (len(shown["rules"].rows), shown["rules"].more) == (10, 11)
    assert (len(shown["firing"].rules), shown["firing"].more) == (5, 15)
    assert "+8 more series" in page.content.decode()
    assert len(client.get(f"/people/{alice.pk}/?show=rules").context["sections"]["rules"].rows) == 21


def test_readings_say_their_age_and_their_day(client_of, alice):
    for ago, value in ((timedelta(hours=20), 10), (timedelta(hours=10), 90), (timedelta(hours=3), 40)):
        reading(alice, "cpu", value, ago)
    reading(alice, "fusion_score", 70, timedelta(days=3))
    reading(alice, "old", 1, timedelta(days=3))
    rows = {each.name: each for each in sections(client_of(alice), alice)["readings"].rows}
    assert (rows["cpu"].value, rows["cpu"].age, rows["cpu"].words) == (
        "40",
        "3\u00a0h ago",
        "from 10 to 90 in 24 hours",
    )
    assert rows["cpu"].path.startswith("M")
    assert (rows["Fusion score"].age, rows["Fusion score"].is_stale) == ("unchanged for 3\u00a0d", False)
    assert (rows["old"].is_stale, rows["old"].path) == (True, "")


def test_lists_and_the_palette_lead_to_it_and_the_form_is_behind_a_button(client_of, alice, ada):
    address, form = reverse("admin:person", args=[alice.pk]), reverse("admin:smartagent_user_change", args=[alice.pk])
    rule_of(alice)
    client = client_of(ada)
    for listed in ("/people/", "/rules/", "/search/?s=alice"):
        assert f'href="{address}"' in client.get(listed).content.decode()
    assert f'href="{form}"' in client.get(address).content.decode()
    assert form not in page_of(client_of(alice), alice).content.decode()


def test_an_empty_page_says_what_will_be_there(client_of, alice):
    Integration.objects.create(user=alice, integration_type="gmail", status="error")
    page = page_of(client_of(alice), alice).content.decode()
    for words in ("No firing alerts.", "No readings yet.", "No activity yet.", "No notifications yet.", "gmail"):
        assert words in page


def test_an_entry_without_a_rule_stands_under_the_name_of_who_acted(client_of, alice, audra):
    now = timezone.now()
    for seconds, agent in enumerate(("person", "smart_agent")):
        ActivityEntry.objects.create(
            user=alice, agent_name=agent, event_type="signed_in", created_at=now + timedelta(seconds=seconds)
        )
    assert names(client_of(audra), alice)["latest"] == ["Smart Agent", "Alice"]
