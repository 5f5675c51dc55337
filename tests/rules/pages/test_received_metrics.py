"""The pages of received metrics: what each person's programs sent, and what of it was not stored and why."""

import pytest
from django.utils import timezone
from django.utils.html import escape

from rules.ingest.intake import Reason
from rules.models import MetricReceipt, MetricSample
from rules.text.not_kept import EXPLANATIONS, examples_of, not_kept_in_words, reasons_not_kept
from tests.rules.api.protocols.senders import Sender

RECEIVED = "/received-metrics/"


def text_of(response, status=200):
    assert response.status_code == status
    return response.content.decode()


def receipt_of(user, protocol="OTLP", **fields):
    return MetricReceipt.objects.create(user=user, protocol=protocol, last_at=timezone.now(), **fields)


def test_each_reason_has_an_explanation():
    assert EXPLANATIONS.keys() == set(Reason)


@pytest.mark.parametrize(("counts", "words"), [
    ({}, "–"),
    ({"text field": 1}, "1 × text field"),
    ({"stale marker": 9000, "invalid line": 2}, "2 × invalid line, 9,000 × stale marker"),  # errors stand first
    ({"of a later version": 3}, "3 × of a later version"),
])  # fmt: skip
def test_what_was_not_stored_in_words(counts, words):
    assert not_kept_in_words(counts) == words


def test_errors_of_the_sender_are_told_from_the_rest():
    refused = {each.reason: each.is_refused for each in reasons_not_kept({"invalid line": 1, "stale marker": 1})}
    assert refused == {"invalid line": True, "stale marker": False}


def test_without_requests_the_page_says_how_to_connect_a_program(client_of, alice):
    page = text_of(client_of(alice).get(RECEIVED))
    assert "No metrics received yet" in page
    for line in (
        "- url: http://testserver/api/v1/write", "metrics_endpoint: http://testserver/v1/metrics",
        'urls = ["http://testserver"]', "- url: http://testserver/api/v1/alertmanager",
    ):  # fmt: skip
        assert line in page
    assert 'href="/docs/agents/"' in page
    assert f'href="{RECEIVED}"' in page  # in the menu


def test_what_a_program_sends_is_in_the_list_and_on_its_page(client_of, alice):
    Sender(alice).post("/api/v2/write", b"cpu value=1\ncpu,host=<i> x\n", "text/plain")
    page = text_of(client_of(alice).get(RECEIVED))
    assert "1 × invalid line" in page
    assert "invalid line: line 2: " in page
    assert "<i>" not in page
    receipt = MetricReceipt.objects.get()
    detail = text_of(client_of(alice).get(f"{RECEIVED}{receipt.pk}/change/"))
    assert EXPLANATIONS[Reason.LINE] in detail
    assert all(escape(each) in detail for each in examples_of(receipt.example))


def test_a_member_sees_the_own_ones_and_an_operator_everyones(client_of, alice, bob, olga):
    mine, other = receipt_of(alice), receipt_of(bob, "Alertmanager", requests=1234)
    MetricSample.objects.push(user=bob, metric="cpu", value=1, observed_at=timezone.now(), target="a")
    for viewer, seen, people in ((alice, {mine}, False), (olga, {mine, other}, True)):
        client = client_of(viewer)
        response = client.get(RECEIVED)
        rows = list(response.context["cl"].result_list)
        assert set(rows) == seen
        assert {row.user_id: row.series_known for row in rows} == {row.user_id: int(row == other) for row in seen}
        assert ("1,234" in text_of(response), 'class="field-user' in text_of(response)) == (people, people)
        text_of(client.get(f"{RECEIVED}{other.pk}/change/"), 200 if people else 404)
        text_of(client.post(f"{RECEIVED}{mine.pk}/delete/", {"post": "yes"}), 403)
    assert MetricReceipt.objects.count() == 2


@pytest.mark.parametrize(("query", "found"), [
    ("protocol=alert", {"Alertmanager"}), ("person=bob", {"Alertmanager"}), ("within=7d", {"OTLP", "Alertmanager"}),
    ("protocol=%00", set()), ("person=nobody", set()),
])  # fmt: skip
def test_filters(client_of, alice, bob, olga, query, found):
    receipt_of(alice), receipt_of(bob, "Alertmanager")
    response = client_of(olga).get(f"{RECEIVED}?{query}")
    assert {row.protocol for row in response.context["cl"].result_list} == found
