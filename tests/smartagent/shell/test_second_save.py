"""Of two people who save the same form, the second is asked, and saves with the next click."""

from datetime import timedelta

from django.utils import timezone

from notifications.models import Channel, EscalationPolicy, Preference
from optimizer.models import OptimizerPolicy
from rules.models import DataSource, Integration, MetricQuery, Silence
from smartagent.bench.api.objects import known_things
from smartagent.bench.hostile.page import Page
from smartagent.models import ServiceAccount, User

ASKED = "Not saved yet: somebody else has saved this since you opened it."


def form_of(client, address):
    """The form at the address that edits something, as a browser would send it."""
    return edited(address, client.get(address))


def edited(address, answer):
    assert answer.status_code == 200, (address, answer.status_code)
    found = Page(address, answer.content.decode()).forms
    return next(each for each in found if "seen_version" in each.fields).fields


def test_the_second_of_two_savers_is_asked(ada, alice, client_of):
    now = timezone.now()
    known = known_things(ada, now)
    Silence.objects.update(starts_at=now, ends_at=now + timedelta(days=1))
    account = ServiceAccount.objects.create(
        full_name="Grafana", owner=ada, is_service_account=True, email="g@service-account.invalid"
    )
    pages = {
        f"/integrations/{known['integrations']}/change/": (Integration, {"integration_type": "gmail"}, "Type: gmail"),
        f"/silences/{known['silences']}/change/": (Silence, {"comment": "Other"}, "Comment: Other"),
        f"/data-sources/{known['data-sources']}/edit/": (DataSource, {"timeout": 7}, "Timeout: 7"),
        f"/metric-queries/{known['metric-queries']}/edit/": (MetricQuery, {"unit": "ms"}, "Unit: ms"),
        f"/channels/{known['channels']}/edit/": (Channel, {"enabled": False}, "Enabled: no"),
        f"/escalation/{known['escalation-policies']}/edit/": (EscalationPolicy, {"repeats": 2}, "Repeat: 2"),
        f"/people/{alice.pk}/change/": (User, {"full_name": "Bob"}, "Full name: Bob"),
        f"/service-accounts/{account.pk}/change/": (ServiceAccount, {"full_name": "Loki"}, "Name: Loki"),
        "/profile/": (User, {"full_name": "Adam"}, "Full name: Adam"),
        "/preferences/": (Preference, {"digest_at": "09:00"}, "Daily digest at: 09:00"),
        "/optimizer-policy/": (OptimizerPolicy, {"trusted_after": 7}, "Required approved successes: 7"),
    }
    Preference.objects.create(user=ada)
    OptimizerPolicy.objects.create()
    client, of_ada = client_of(ada), ("/profile/", "/preferences/")
    for address, (model, change, shown) in pages.items():
        fields, key = form_of(client, address), address.split("/")[2]
        rows = model.objects.filter(pk=ada.pk if address in of_ada else key if key else 1)
        assert rows.update(**change) == 1, address
        asked = client.post(address, fields)
        text = asked.content.decode()
        assert ASKED in text, address
        assert shown in text, (address, text[text.index(ASKED) :][:300])
        assert rows.filter(**change).exists(), address
        again = edited(address, asked)
        assert client.post(address, again).status_code == 302, address
        assert not rows.filter(**change).exists(), address  # what was typed is what is stored


def test_who_looks_first_is_asked_later(ada, client_of):
    policy = EscalationPolicy.objects.create(user=ada, name="Nights", steps=[{"after": 900, "to": ["owner"]}])
    address, client = f"/escalation/{policy.pk}/edit/", client_of(ada)
    fields = form_of(client, address)
    EscalationPolicy.objects.update(repeats=3)
    more = client.post(address, fields | {"_more": "1"})
    assert ASKED not in more.content.decode()
    assert ASKED in client.post(address, edited(address, more)).content.decode()
