"""The export says what the page shows, entry by entry, in every format, and does not pass for whole when it is not."""

import csv
import io
import json
import zipfile
from datetime import datetime, timedelta
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rules.activity_export import response, workbook
from rules.activity_export.columns import EXPORT_COLUMNS
from rules.engine.states import Event
from rules.models import ActivityEntry
from rules.text.activity import named_entries
from rules.text.event_names import event_choices
from smartagent.rest.slots import Slots
from tests.rules.rule_cast import rule_of, run_at, state_of

NOW = timezone.now().replace(microsecond=250_000)
NEAR = {"metric": "cpu_percent", "operator": ">", "threshold": 100, "severity": "high", "verdict": "met"}
CONDITION = {"metric": "cpu_percent", "target": "", "operator": ">", "threshold": 95, "verdict": "met"}
# Contexts as the dispatcher, people, the optimizer and other programs write them.
CONTEXTS = [
    {"value": 83.2, "target": "gmail", "episode": 2, "observed_at": "2026-03-02T10:00:00Z"} | NEAR,
    {"value": 120, "target": ""} | NEAR,
    {"value": 99.99996, "target": ""} | NEAR,
    {"value": 100, "target": ""} | NEAR,
    {"value": None, "target": "", "reason": "no data", "verdict": "missing"} | NEAR,
    {"value": 1234.56789, "target": ""} | NEAR | {"threshold": 1e-7, "operator": "<"},
    {"value": 120, "conditions": [{"metric": "x", "value": 1}], "condition_before": CONDITION} | NEAR,
    {"value": 120, "reason": "flapping", "verdict": "held"} | NEAR,
    {"value": -5, "critical": 45} | NEAR | {"operator": "!=", "threshold": -5.5},
    {"by_name": "=Olga", "comment": 'a, "b"\nc', "until": "2026-03-02T10:00:00+00:00", "assignee": "Bob"} | NEAR,
    {"strategy": "efficiency_boost", "steps": 2, "verdict": "improved", "whom": "Olga", "policy": "P", "step": 1},
    {"metric_type": "cpu", "metric_value": "91.50", "threshold_value": "90", "condition_operator": ">"},
    {"message": "=HYPERLINK(1)", "rule_name": "Old rule", "value": "much"},
    ["no", "object"],
]  # fmt: skip
# Readings that share all else of their context: beyond one threshold, beyond both, beside them, without one.
CRITICAL = NEAR | {"target": "", "critical": 110, "condition_before": CONDITION}
SERIES = [
    shape | {"value": value} for shape in (NEAR, CRITICAL, NEAR | {"operator": "="}, NEAR | {"verdict": "clear"})
    for value in (1234.5, 120, 110, 110.00001, 109.99999, 105, 100, 100.00004, 99.99996, 83.2, 0, -1e-9, None)
]  # fmt: skip


def contexts_of(event):
    """Only the dispatcher writes many entries that are alike."""
    return CONTEXTS + SERIES if event in Event.values else CONTEXTS


@pytest.fixture
def log(alice, bob):
    """Every event with every context, by the dispatcher and by others; alice owns the rule, some are about bob."""
    rule, run, people = rule_of(alice, rule_name="+1 rule"), run_at(NOW), [str(alice.pk), str(bob.pk), "nobody", None]
    state = state_of(rule, NOW)
    events = [*dict(event_choices()), "legacy_event"]
    entries = []
    for number, event in enumerate(events):
        for place, context in enumerate(contexts_of(event)):
            known = context
            if isinstance(context, dict):
                known = context | {"person": people[(number + place) % 4]}
            by_run = event.startswith("rule_") and isinstance(context, dict) and "metric" in context
            entries.append(ActivityEntry(
                user=alice, created_at=NOW - timedelta(minutes=number, seconds=place // 2), event_type=event,
                context=known, run=run if by_run else None, state=state if by_run else None,
                rule=rule if place % 3 else None, status="failed" if place % 5 == 4 else "success",
                action_taken="none" if place % 2 else "alert", error_message="-boom" if place % 5 == 4 else None,
            ))  # fmt: skip
    ActivityEntry.objects.bulk_create(entries)
    return rule


def exported(user, query=""):
    client = Client()
    client.force_login(user)
    answer = client.get(f"{reverse('api:activity-export')}?{query}")
    return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content


def shown_to(user):
    return named_entries(list(ActivityEntry.objects.visible_to(user).select_related("rule", "user")))


def test_the_sentence_of_every_event_and_context_is_that_of_the_page(alice, log):
    lines = [json.loads(line) for line in exported(alice, "format=ndjson")[1].splitlines()]
    entries = shown_to(alice)
    assert [line["id"] for line in lines] == [str(entry.pk) for entry in entries]
    assert len(lines) == len(CONTEXTS) * (len(event_choices()) + 1) + len(SERIES) * len(Event)
    for line, entry in zip(lines, entries, strict=True):
        assert (line["description"], line["event_label"]) == (entry.sentence, entry.event_label), entry.context
        assert (line["status"], line["error"]) == (entry.status, entry.error_message)
        assert datetime.fromisoformat(line["time"]) == entry.created_at
        assert line["person"] == {str(alice.pk): str(alice)}.get(line["person_id"]) or line["person_id"] != str(
            alice.pk
        )
    assert list(lines[0]) == list(EXPORT_COLUMNS)
    assert {line["result"] for line in lines} == {None, "alerted", "alert failed", "failed"}
    assert {line["rule"] for line in lines} == {"+1 rule", "Old rule", None}


def test_csv_is_in_the_zone_of_the_person_and_without_formulas(alice, log):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    answer, body = exported(alice, "columns=time,description,rule,value,error,metric&event=legacy_event")
    assert answer.status_code == 400
    answer, body = exported(alice, "columns=time,description,rule,value,error&event=instance_commented")
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert len(rows) == len(CONTEXTS)
    assert all(row["time"].endswith("+09:00") for row in rows)
    assert {row["rule"] for row in rows} == {"'+1 rule", "Old rule", ""}
    assert {row["error"] for row in rows} == {"", "'-boom"}
    assert {row["value"] for row in rows} >= {"83.2", "-5", "much", "91.5", ""}
    assert '\'=Olga commented: a, "b"\nc' in {row["description"] for row in rows}


def test_filters_visibility_and_refusals_are_those_of_the_list(alice, bob, log):
    client = Client()
    client.force_login(alice)
    listed = client.get("/api/activity/?event=rule_fired&status=failed&ordering=created_at").json()["results"]
    _, body = exported(alice, "event=rule_fired&status=failed&ordering=created_at&columns=id")
    assert body.decode().split() == ["id", *(entry["id"] for entry in listed)]
    assert len(exported(bob)[1].splitlines()) == 1
    errors = exported(alice, "format=pdf")[0].json() | exported(alice, "columns=time,nothing")[0].json()
    assert errors["format"] == ["“pdf” is not one of: csv, ndjson, xlsx."]
    assert errors["columns"][0].startswith("Unknown columns: “nothing”. Valid columns: time, event")
    assert "nowhere" in exported(alice, "nowhere=1")[0].json()
    assert exported(alice, "columns=id&event=rule_test&rule=none such")[1].decode() == "id\r\n"


def sheets_of(body):
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        assert book.testzip() is None
        names = sorted(name for name in book.namelist() if "worksheets" in name)
        space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
        sheets = [list(ElementTree.fromstring(book.read(name)).iter(f"{space}row")) for name in names]
        titles = [
            sheet.get("name") for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{space}sheet")
        ]
    return titles, [[["".join(cell.itertext()) for cell in row] for row in rows] for rows in sheets]


def test_a_workbook_goes_on_in_a_further_sheet(alice, log):
    with patch.object(workbook, "MAX_SHEET_ROWS", 10):
        titles, sheets = sheets_of(exported(alice, "format=xlsx&columns=id,value,description&event=rule_test")[1])
    assert titles == ["Activity", "Activity 2"]
    assert [len(rows) for rows in sheets] == [10, len(CONTEXTS) + 2 - 10]
    assert sheets[0][0] == sheets[1][0] == ["id", "value", "description"]
    assert any(value == "1234.56789" for _, value, _ in sheets[0])


@pytest.mark.parametrize("kind", ["csv", "ndjson", "xlsx"])
def test_an_error_in_the_middle_does_not_look_like_a_whole_file(alice, log, kind):
    def broken(entries):
        yield next(fetched(entries))
        raise RuntimeError("the database went away")

    fetched, parts = response.fetched, []
    client = Client()
    client.force_login(alice)
    with patch.object(response, "fetched", broken):
        answer = client.get(f"/api/activity/export/?format={kind}")
        with pytest.raises(RuntimeError):
            parts.extend(answer.streaming_content)
    body = b"".join(parts)
    assert answer.status_code == 200
    if kind == "xlsx":
        assert not zipfile.is_zipfile(io.BytesIO(body))
    else:
        assert b"incomplete" in body.splitlines()[-1]


def test_too_many_exports_at_once_are_asked_to_wait(alice, log):
    slots = Slots("exports", 1, retry_after=30)
    held = slots.hold(iter([b"never read"]))
    with patch.object(response, "EXPORT_SLOTS", slots):
        busy, _ = exported(alice)
        assert (busy.status_code, busy["Retry-After"]) == (503, "30")
        held.close()
        assert exported(alice)[0].status_code == exported(alice)[0].status_code == 200
