"""The page of an integration: its status over time, its credentials' age, and the check by hand."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry, Integration, MetricSample
from smartagent.kernel.sealing import seal
from tests.rules.rule_cast import entry_of, rule_of, state_of

HOUR = timedelta(hours=1)


@pytest.fixture
def gmail(alice):
    return Integration.objects.create(
        user=alice, integration_type="gmail", status="error", error_message="401 Unauthorized",
        credentials_encrypted=seal({"access_token": "s3cret"}),
    )  # fmt: skip


def page_of(client, integration, **query):
    return client.get(reverse("admin:integration", args=[integration.pk]), query)


def health(integration, value, ago):
    MetricSample.objects.push(
        user=integration.user, metric="integration_health", target=integration.integration_type, value=value,
        observed_at=timezone.now() - ago,
    )  # fmt: skip


def test_its_status_over_time_is_what_evaluations_saw(client_of, alice, gmail):
    for ago, value in ((100 * HOUR, 100), (20 * HOUR, 25), (18 * HOUR, 100), (6 * HOUR, 25)):
        health(gmail, value, ago)
    history = page_of(client_of(alice), gmail).context["history"]
    assert [band.condition for band in history.bands] == ["active", "error", "active", "error"]
    assert history.words.replace("\u00a0", " ") in ("active 16 h, error 8 h", "active 15 h 59 min, error 8 h")
    assert [segment.condition for segment in history.segments] == ["active", "error", "active", "error"]
    assert history.last_error.end is None
    assert page_of(client_of(alice), gmail, days="7").context["days"] == 7
    assert "No history yet." in page_of(client_of(alice), other(alice)).content.decode()


def other(alice):
    return Integration.objects.create(user=alice, integration_type="slack")


def test_it_shows_what_is_about_it_and_never_its_credentials(client_of, alice, bob, gmail):
    now = timezone.now()
    down = rule_of(alice, rule_name="It is down", metric_type="integration_health", target_integration="gmail")
    state_of(down, now, target="gmail")
    entry_of(down, now, context={"metric": "integration_health", "target": "gmail", "person": str(alice.pk)})
    score = rule_of(alice, rule_name="Score")
    state_of(score, now)
    entry_of(score, now)
    health(gmail, 25, HOUR)
    shown = page_of(client_of(alice), gmail)
    sections = shown.context["sections"]
    assert [str(each.rule) for each in sections["firing"].rules] == ["It is down"]
    assert [each.heading for each in sections["latest"]] == ["It is down"]
    assert [str(each) for each in sections["rules"].rows] == ["It is down"]
    assert [each.metric for each in sections["readings"].rows] == ["integration_health"]
    assert "stored just now" in shown.content.decode()
    assert "s3cret" not in shown.content.decode()
    assert page_of(client_of(bob), gmail).status_code == 404


def test_an_alert_about_the_lowest_health_is_on_the_page_of_the_one_that_is_down(client_of, alice, gmail):
    now = timezone.now()
    lowest = rule_of(alice, rule_name="Something is down", metric_type="integration_health")
    state_of(lowest, now)
    entry_of(lowest, now, context={"metric": "integration_health", "target": "", "person": str(alice.pk)})
    well = Integration.objects.create(user=alice, integration_type="slack", status="active")
    seen = {}
    for one in (gmail, well):
        sections = page_of(client_of(alice), one).context["sections"]
        seen[str(one)] = (len(sections["firing"].rules), len(sections["latest"]), len(sections["rules"].rows))
    assert seen == {"gmail": (1, 1, 1), "slack": (0, 0, 1)}


def test_checked_by_hand_it_says_what_was_found_and_logs_who_asked(
    client_of, alice, audra, gmail, httpserver, settings
):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    check, client = reverse("admin:integration_check", args=[gmail.pk]), client_of(alice)
    assert "add <code>health_url</code>" in page_of(client, gmail).content.decode()
    assert "nothing to check" in client.post(check, follow=True).content.decode()
    httpserver.expect_request("/health").respond_with_data("ok")
    httpserver.expect_request("/me").respond_with_data("", status=401)
    gmail.config = {"health_url": httpserver.url_for("/health"), "probe_url": httpserver.url_for("/me")}
    gmail.save()
    page = client.post(check, follow=True).content.decode()
    assert "gmail answered 200 (OK): it is active, before: error." in page
    assert "The credentials of gmail are refused" in page
    gmail.refresh_from_db()
    assert gmail.status == "active"
    entry = ActivityEntry.objects.get(event_type="integration_checked")
    assert "Alice checked gmail. gmail answered 200" in page_of(client, gmail).content.decode()
    assert entry.context["by"] == str(alice.pk)
    assert client_of(audra).post(check).status_code == 403


def test_the_list_leads_to_it_and_the_form_is_behind_a_button(client_of, alice, audra, gmail):
    address, form = (reverse(f"admin:{name}", args=[gmail.pk]) for name in ("integration", "rules_integration_change"))
    client = client_of(alice)
    for listed in ("/integrations/", "/search/?s=gmail", f"/people/{alice.pk}/"):
        assert f'href="{address}"' in client.get(listed).content.decode()
    assert f'href="{form}"' in client.get(address).content.decode()
    assert form not in page_of(client_of(audra), gmail).content.decode()
    saved = client.post(form, {"integration_type": "gmail", "status": "active", "config": "{}"})
    assert saved.headers["Location"] == address
