"""Service accounts: programs with roles and tokens, managed by administrators; nobody signs in to them."""

from datetime import timedelta

from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Notification
from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from smartagent.accounts.token_expiry import notify_of_expiry
from smartagent.accounts.tokens import issue_token
from smartagent.doctor.tokens import check_service_accounts
from smartagent.models import APIToken, ServiceAccount, User
from tests.conftest import PASSWORD
from tests.notifications.outside import channel_of, tell

LIST = "/service-accounts/"
JSON = "application/json"


def sentences():
    return [entry_in_words(entry) for entry in ActivityEntry.objects.order_by("created_at")]


def made(client, owner, *roles, name="Grafana"):
    groups = [Group.objects.get(name=role).pk for role in roles]
    fields = {"full_name": name, "owner": owner.pk, "groups": groups, "is_active": "on"}
    return client.post(f"{LIST}add/", fields)


def test_an_administrator_creates_one_and_gives_it_a_token(client_of, ada, olga):
    client = client_of(ada)
    answer = made(client, olga, "auditors")
    account = ServiceAccount.objects.get()
    assert answer.url == f"/tokens/add/?person={account.pk}"
    assert f'value="{account.pk}" selected' in client.get(answer.url).content.decode()
    shown = client.post("/tokens/add/", {"person": account.pk, "name": "panels", "scopes": ["read"]})
    token = shown.context["secret"]
    me = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/me/").json()
    assert (me["full_name"], me["groups"], me["sees_everyone"]) == ("Grafana", ["auditors"], True)
    prefix = APIToken.objects.get().prefix
    assert sentences() == [
        "Ada created the service account Grafana. Roles: auditors. Owner: Olga.",
        f"Ada created the token “panels” ({prefix}…) of Grafana. Scopes: read. It does not expire.",
    ]
    page = client.get(LIST).content.decode()
    assert "Grafana" in page
    assert "Grafana" not in client.get("/people/").content.decode()


def test_a_change_is_logged_from_what_to_what(client_of, ada, olga):
    client = client_of(ada)
    made(client, olga, "auditors")
    account = ServiceAccount.objects.get()
    groups = [Group.objects.get(name="members").pk]
    client.post(f"{LIST}{account.pk}/change/", {"full_name": "Grafana", "owner": ada.pk, "groups": groups})
    assert sentences()[-1] == (
        "Ada changed the service account Grafana: roles: auditors → members; active: yes → no; owner: Olga → Ada."
    )


def test_its_page_names_its_owner_and_leads_to_its_form(client_of, ada, olga):
    client = client_of(ada)
    made(client, olga, "auditors")
    account = ServiceAccount.objects.get()
    page = client.get(f"/people/{account.pk}/").content.decode()
    assert "Service account, owner " in page
    assert account.email not in page
    assert f'href="{LIST}{account.pk}/change/"' in page
    assert f'href="{LIST}{account.pk}/change/"' not in client_of(olga).get(f"/people/{account.pk}/").content.decode()


def test_nobody_signs_in_to_it(client_of, ada, olga):
    client = client_of(ada)
    made(client, olga, "administrators")
    account = ServiceAccount.objects.get()
    assert not account.has_usable_password()
    assert client.get(reverse("admin:auth_user_password_change", args=[account.pk])).status_code != 200
    visitor = Client()
    visitor.post(reverse("admin_password_reset"), {"email": account.email})
    assert not mail.outbox
    User.objects.filter(pk=account.pk).update(password=ada.password)  # even if it had one
    assert visitor.login(username=ada.email, password=PASSWORD)
    assert not visitor.login(username=account.email, password=PASSWORD)


def test_only_administrators_manage_them(client_of, ada, olga, audra, alice):
    made(client_of(ada), olga, "auditors")
    account = ServiceAccount.objects.get()
    row, _ = issue_token(account, "panels")
    for person, status in ((alice, 403), (olga, 200), (audra, 200)):
        client = client_of(person)
        assert client.get(LIST).status_code == status
        assert client.get(f"{LIST}add/").status_code == 403
        assert client.post(f"{LIST}{account.pk}/change/", {"full_name": "x"}).status_code == 403
        sent = {"name": "x", "scopes": ["read"], "user": str(account.pk)}
        assert client.post("/api/tokens/", sent, content_type=JSON).status_code == 400
        client.post("/tokens/add/", {"name": "x", "scopes": ["read"], "person": account.pk})
        assert client.post(f"/api/tokens/{row.pk}/rotate/", {}, content_type=JSON).status_code == 404
    assert account.api_tokens.count() == 1
    admin = client_of(ada)
    refused = admin.post("/api/tokens/", sent | {"user": str(olga.pk)}, content_type=JSON)
    assert refused.json() == {"user": ["Enter your own ID, or as an administrator that of a service account."]}
    assert admin.post("/api/tokens/", sent, content_type=JSON).json()["user"] == str(account.pk)
    assert admin.post(f"/api/tokens/{row.pk}/rotate/", {}, content_type=JSON).status_code == 201
    assert admin.post(f"{LIST}{account.pk}/delete/", {"post": "yes"}).status_code == 403


def test_what_it_is_notified_of_its_owner_reads(client_of, ada, olga):
    made(client_of(ada), olga, "members")
    account = User.objects.get(is_service_account=True)
    channel_of(olga, url="https://example.com/")
    [delivery] = tell(account)
    assert (delivery.user_id, delivery.kind) == (olga.pk, "webhook")
    assert Notification.objects.get().user_id == olga.pk
    assert not list(check_service_accounts())
    User.objects.filter(pk=olga.pk).update(is_active=False)
    tell(account, title="Memory is full")
    assert Notification.objects.get(title="Memory is full").user_id == account.pk
    [finding] = check_service_accounts()
    assert finding.problem == "1 service account without an active owner: Grafana."


def test_its_owner_is_notified_of_the_expiry_and_without_one_the_administrators(client_of, ada, olga):
    now = timezone.now()
    made(client_of(ada), olga, "auditors")
    issue_token(User.objects.get(is_service_account=True), "panels", now + timedelta(days=6))
    APIToken.objects.update(created_at=now - timedelta(days=60))
    notify_of_expiry(now)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    notify_of_expiry(now + timedelta(days=5, hours=12))
    titles = list(Notification.objects.order_by("created_at").values_list("user", "title"))
    assert titles == [
        (olga.pk, "The token “panels” of Grafana expires in 6\u00a0d"),
        (ada.pk, "The token “panels” of Grafana expires in 12\u00a0h"),
    ]
