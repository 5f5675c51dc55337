"""Sources that answer what they should not, all in one evaluation: each fails alone, in words that can be shown."""

import json
import time
import zlib

import pytest
from werkzeug import Response

from rules.data_sources import client
from rules.data_sources.answers import QueryFailed, read_answer
from rules.data_sources.connections import SourceSecrets
from rules.data_sources.history import query_history
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, DataSource, RuleState
from tests.api import Program
from tests.receivers import raw_server, read_request
from tests.rules.data_sources.source_cast import query_of, source_at
from tests.rules.data_sources.test_history import STEP
from tests.rules.evaluation.test_dispatcher import rule_of

SECRET = "s3cr3t-token"


def result(*series, kind="vector", **more):
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": list(series)}} | more)


def labelled(**metric):
    return result({"metric": metric, "value": [1, "9"]})


def at(seconds, value="9"):
    return result({"metric": {}, "value": [seconds, value]})


FOREIGN = "this is not an answer of Prometheus' HTTP API: "
NINE, UNKEPT = {"metric": {}, "value": [1, "9"]}, "a series of the query cannot be kept. "
REFUSED = {"status": "error", "error": f"a\x00\ud800\n {SECRET}"}
ANSWERS = {  # what is found: a state, or the beginning of an error
    "good": (result(NINE, warnings=[7, f"partial\x00 {SECRET}", *"abc"], infos=7), "firing"),
    "future": (at(253402300799), "firing"),
    "ancient": (at(-62135596800), "firing"), "nan": (at(1, "NaN"), "no_data"), "infinite": (at(1, "-Inf"), "no_data"),
    "huge": (at(1, "9" * 400), "no_data"), "digits": (at(10**400), FOREIGN), "late": (at(1e300), FOREIGN),
    "nul": (labelled(a="x\x00"), f"{UNKEPT}The value of the label a contains a character that cannot be stored."),
    "half": (labelled(a="\ud800"), f"{UNKEPT}The value of the label a contains a character that cannot be stored."),
    "name": (labelled(**{"\x00\ud800": "x"}), f"{UNKEPT}“?” is not a label name."),
    "long": (labelled(a="x" * 3000), f"{UNKEPT}The labels are longer than 2,048 bytes in all."),
    "labels": (labelled(**{f"a{n}": "x" for n in range(21)}), f"{UNKEPT}A series has at most 20 labels"),
    "typed": (labelled(a=5), f"{UNKEPT}The value of the label a must be text."),
    "twice": (result(NINE, NINE), "the query returns several series with the same labels: none."),
    "kind": (result(kind="\x00" + "x" * 900), f"the query returns a {'x' * 39};"),
    "text": (result(kind="string"), "the query returns a string;"), "number": ("7", f"{FOREIGN}7."),
    "deep": ("[" * 9000, f"{FOREIGN}[["), "shape": ('{"data": {"resultType": "vector", "result": {"a": 1}}}', FOREIGN),
    "empty": ("", f"{FOREIGN}it is empty."), "html": ("<html>no", f"{FOREIGN}a page of HTML."),
    "bytes": (b"\xff\xfe\x00", FOREIGN), "past": (result(kind="matrix"), "the query returns the past of its series;"),
    "packed": (zlib.compress(b"0" * 10**6, wbits=31), f"{FOREIGN}it is compressed, which was not asked for."),
    "parts": (f'[{"[]," * 30_000}0]', "the answer has more parts than those of 3 series. Aggregate or select"),
    "plenty": (result(*[NINE] * 4), "the query returned 4 series; at most 3 are read."),
    "status": (json.dumps(REFUSED | json.loads(result(NINE)) | REFUSED), "a? …."),
    "wordless": ('{"status": "error", "error": [1]}', "it answered with an error without words."),
    "422": (Response(json.dumps(REFUSED), 422), "a? …."),
    "429": (Response('{"error": "slow down"}', 429, {"Retry-After": "9"}), "slow down."),
    "503": (Response("<html>", 503), "it answered 503 Service Unavailable: a page of HTML."),
    "moved": (Response("", 302, {"Location": "/good/api/v1/query"}), "it answered 302 Found. Redirects are not"),
}  # fmt: skip


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.2)


def endless(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def broken(connection):
    read_request(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"status": "succ')


RAW = {
    drip: "127.0.0.1 did not answer within 1 second.", endless: "the answer has more than 1 MB.",
    broken: "127.0.0.1 could not be reached: peer closed connection without sending complete message body",
    lambda connection: connection.sendall(b"\x00\xff" * 99): "127.0.0.1 could not be reached: ",
}  # fmt: skip
ADDRESSES = {  # nothing is listening there, and nothing is asked
    "metadata": "http://169.254.169.254/latest", "private": "http://10.0.0.1", "mapped": "http://[::ffff:10.0.0.1]",
    "local": "http://[fe80::1]", "short": "http://169.16689662",
}  # fmt: skip


@pytest.fixture
def rules(alice, httpserver, settings, monkeypatch):
    """A rule on a query of each source, by name."""
    settings.OUTBOUND_ALLOWED, settings.DATA_SOURCE_MAX_SERIES = ["127.0.0.0/8"], 3
    monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 1024 * 1024)
    secrets, servers, addresses = SourceSecrets(token=SECRET), [raw_server(each) for each in RAW], {}
    for name, (answer, _) in ANSWERS.items():
        response = answer if isinstance(answer, Response) else Response(answer)
        httpserver.expect_request(f"/{name}/api/v1/query").respond_with_response(response)
        addresses[name] = httpserver.url_for(f"/{name}")
    addresses |= {f"raw{number}": server.__enter__() for number, server in enumerate(servers)} | ADDRESSES
    found = {}
    for name, address in addresses.items():
        query_of(source_at(address, secrets, name=name, timeout=1, authentication="bearer"), name, "up")
        found[name] = rule_of(alice, name, ">", 5, "log")
    yield found
    for server in servers:
        server.__exit__(None, None, None)


def test_each_fails_alone(rules, ada, client_of, now):
    started = time.monotonic()
    run = dispatch(now, "command")
    assert time.monotonic() - started < 20
    states = {each.rule_id: each for each in RuleState.objects.all()}
    expected = {name: found for name, (_, found) in ANSWERS.items()}
    expected |= {f"raw{number}": words for number, words in enumerate(RAW.values())}
    expected |= dict.fromkeys(ADDRESSES, "")
    for name, found in expected.items():
        state = states[rules[name].pk]
        if found in ("firing", "no_data"):
            assert state.condition == found, name
        else:
            assert (state.condition, state.reason[: len(name) + 2 + len(found)]) == ("error", f"{name}: {found}")
    assert all("private network" in states[rules[name].pk].reason for name in ADDRESSES)
    assert (run.error_message, run.triggered) == (None, 3)
    good = DataSource.objects.get(name="good")
    assert good.recent[-1]["warnings"] == ["partial …", "a"]
    assert not any(SECRET in each.reason for each in states.values())
    shown_to_people(ada, client_of)


def shown_to_people(ada, client_of):
    browser, api = client_of(ada), Program(ada)
    for source in DataSource.objects.filter(name__in=["nul", "status", "good", "raw0"]):
        page = browser.get(f"/data-sources/{source.pk}/")
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
        assert SECRET not in str(api.get(f"data-sources/{source.pk}/"))
    for rule in ("future", "nul"):
        assert browser.get("/activity/", {"q": rule}).status_code == 200
    assert SECRET not in str(list(ActivityEntry.objects.values_list("context", "error_message")))


def test_the_past_has_the_times_that_were_asked(db, httpserver, now, settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    values = [[time, "9"] for time in (-62135596800, now.timestamp() - 7200, now.timestamp(), 253402300799)]
    past = Response(result({"metric": {}, "values": values}, kind="matrix"))
    httpserver.expect_request("/api/v1/query_range").respond_with_response(past)
    query_of(source_at(httpserver.url_for("")), "load", "up")
    assert query_history(["load"], now - STEP, now, STEP) == {None: {("load", ""): [(now, 9.0)]}}


def test_an_answer_that_came_too_late_is_not_read():
    with pytest.raises(QueryFailed, match="no time was left to read the answer"):
        client._read(client.Answer(code=200, excerpt="", retry_after=None, seconds=1, body=b" " * 70_000), False, 0)
    with pytest.raises(QueryFailed, match="it is empty"):
        read_answer(b"", 1)
