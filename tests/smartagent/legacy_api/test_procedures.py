"""The legacy procedures, as PostgREST answers for them; and the legacy platform's own client, unchanged."""

import uuid
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from supabase import ClientOptions, create_client
from supabase_functions.errors import FunctionsHttpError

from notifications.models import Notification
from rules.metrics.anomaly_count import AnomalyCount
from rules.models import AuditEvent
from tests.smartagent.legacy_api.conftest import token

RPC = "/rest/v1/rpc/"


@pytest.fixture
def anomalies(alice, bob):
    now = timezone.now()
    for person, event, severity, hours in [
        (alice, "integration_failed", "error", 1), (alice, "email_failed", "critical", 2), (alice, "x", "warning", 1),
        (alice, "old_Integration", "error", 30), (bob, "email_failed", "error", 1), (None, "nobody", "error", 1),
    ]:  # fmt: skip
        AuditEvent.objects.create(
            user=person, event_type=event, severity=severity, message="M", created_at=now - timedelta(hours=hours)
        )


def test_anomalies_are_those_of_the_metric(alice, bob, olga, anomalies, call):
    mine, service = token(sub=alice.pk), token("service_role")
    assert call(f"{RPC}get_anomaly_count", mine) == 2
    assert call(f"{RPC}get_anomaly_count", mine, {"target_user_id": str(alice.pk)}) == 2
    assert call(f"{RPC}get_anomaly_count", service, {"target_user_id": str(bob.pk)}) == 1
    call(f"{RPC}get_anomaly_count", token(sub=olga.pk), {"target_user_id": str(bob.pk)}, 403)
    assert call(f"{RPC}get_anomaly_count", service) == 4
    assert call(f"{RPC}get_anomaly_count", mine, {"target_user_id": str(bob.pk)}, 403)["code"] == "42501"
    assert call(f"{RPC}get_integration_error_count", mine) == 1
    assert call(f"{RPC}get_integration_error_count", mine, {"hours_back": 48}) == 2
    assert call(f"{RPC}get_integration_error_count?hours_back=48", mine, None, 200, "get") == 2
    rows = call(f"{RPC}get_recent_anomalies", mine, {"hours_back": "48", "limit_count": 2})
    assert [row["event_type"] for row in rows] == ["integration_failed", "email_failed"]
    assert set(rows[0]) >= {"id", "user_id", "severity", "message", "created_at"}
    metric = AnomalyCount().readings(timezone.now())
    assert metric.params["pattern"] == "%"


def test_notifications_are_marked_counted_and_cleaned_up(alice, bob, call):
    first, _, other = (
        Notification.objects.create(user=user, type="info", title="T", message="M") for user in (alice, alice, bob)
    )
    mine = token(sub=alice.pk)
    assert call(f"{RPC}get_unread_notification_count", mine) == 2
    for one in (first, other):
        assert call(f"{RPC}mark_notification_read", mine, {"notification_id": str(one.pk)}, 204) is None
    assert call(f"{RPC}get_unread_notification_count", mine) == 1
    assert call(f"{RPC}mark_all_notifications_read", mine, None, 204) is None
    assert call(f"{RPC}get_unread_notification_count", mine) == 0
    assert Notification.objects.get(pk=other.pk).status == "unread"
    assert call(f"{RPC}mark_notification_read", token("service_role"), {"notification_id": str(other.pk)}, 204) is None
    assert Notification.objects.get(pk=other.pk).read_at
    Notification.objects.update(status="archived", archived_at=timezone.now() - timedelta(days=91))
    assert call(f"{RPC}cleanup_old_notifications", mine) == 2
    assert call(f"{RPC}cleanup_old_notifications", token("service_role")) == 1


@pytest.mark.parametrize(("path", "body", "status", "code"), [
    ("mark_notification_read", {}, 400, "22023"), ("mark_notification_read", {"notification_id": "x"}, 400, "22023"),
    ("get_anomaly_count", {"target_user_id": 7}, 400, "22023"),
    ("get_recent_anomalies", {"limit_count": 0}, 400, "22023"),
    ("get_recent_anomalies", {"hours_back": "9" * 50}, 400, "22023"),
    ("get_recent_anomalies", {"hours_back": 1.5}, 400, "22023"), ("get_recent_anomalies", [], 400, "22023"),
    ("drop_everything", {}, 404, "PGRST202"), ("get_anomaly_count/", {}, 404, "PGRST202"),
    ("get_anomaly_count", {"target_user_id": str(uuid.uuid4())}, 404, "PGRST202"),
])  # fmt: skip
def test_errors_are_as_postgrest_has_them(call, path, body, status, code):
    found = call(f"{RPC}{path}", token("service_role"), body, status)
    assert (found["code"], set(found)) == (code, {"code", "message", "details", "hint"})


def test_a_change_is_no_get(call):
    assert call(f"{RPC}cleanup_old_notifications", token("service_role"), None, 405, "get")["code"] == "PGRST117"


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:supabase")
def test_the_clients_library_changes_only_the_host(live_server, alice):
    with httpx.Client() as sender:
        client = create_client(live_server.url, token("anon"), ClientOptions(httpx_client=sender))
        use(client, alice)


def use(client, alice):
    client.functions.set_auth(token(sub=alice.pk))
    client.postgrest.auth(token(sub=alice.pk))
    body = {"user_id": str(alice.pk), "type": "alert", "title": "T", "message": "M"}
    answer = client.functions.invoke("core_notifications_gateway", {"body": body, "responseType": "json"})
    assert answer["notification"]["severity"] == "high"
    answer = client.functions.invoke("ai_agent_dispatcher", {"body": {}, "responseType": "json"})
    assert (answer["status"], answer["results"]) == ("success", [])
    with pytest.raises(FunctionsHttpError, match="title: This field is required"):
        client.functions.invoke("core_notifications_gateway", {"body": body | {"title": None}})
    assert client.rpc("get_unread_notification_count").execute().data == 1
    assert client.rpc("get_recent_anomalies", {"limit_count": 3}).execute().data == []
    assert client.rpc("get_anomaly_count", {"target_user_id": str(alice.pk)}, get=True).execute().data == 0
    client.rpc("mark_notification_read", {"notification_id": answer_id(alice)}).execute()
    client.rpc("mark_all_notifications_read").execute()
    assert client.rpc("get_unread_notification_count").execute().data == 0


def answer_id(person):
    return str(Notification.objects.get(user=person).pk)
