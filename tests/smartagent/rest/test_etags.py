"""Conditional requests: of two who change the same, the second is told."""

import pytest

from rules.evaluation.dispatcher import dispatch
from rules.models import AutomationRule, DataSource, Integration
from tests.api import Program
from tests.notifications.outside import channel_of
from tests.rules.evaluation.test_dispatcher import rule_of, sample


def tag_of(program, address):
    return program.client.get(f"/api/{address}")["ETag"]


def test_the_second_of_two_is_told(alice, now):
    rule = rule_of(alice, "cpu", ">", 5, "log")
    program, address = Program(alice), f"rules/{rule.pk}/"
    read = tag_of(program, address)
    sample(alice, 15, now)
    dispatch(now, "command")
    assert AutomationRule.objects.get().trigger_count == 1
    assert tag_of(program, address) == read  # nobody has edited it
    body, headers = '{"threshold_value": 6}', {"If-Match": read}
    first = program.client.patch(f"/api/{address}", body, "application/json", headers=headers)
    assert (first.status_code, first["ETag"] == read) == (200, False)
    for send in (program.patch, program.delete, program.put):
        refused = send(address, {"threshold_value": 7}, status=412, headers={"If-Match": read})
        assert "Somebody else" in refused["detail"][0]
    assert AutomationRule.objects.get().threshold_value == 6
    program.patch(address, {"threshold_value": 8}, headers={"If-Match": f'"x", W/{first["ETag"]}'})
    program.patch(address, {"threshold_value": 9}, headers={"If-Match": "*"})
    program.delete(address, status=204, headers={"If-Match": tag_of(program, address)})


def test_what_is_the_same_is_not_sent_again(alice):
    rule = rule_of(alice, "cpu", ">", 5, "log")
    program, address = Program(alice), f"/api/rules/{rule.pk}/"
    tag = tag_of(program, f"rules/{rule.pk}/")
    same = program.client.get(address, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert program.client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    other = Program(alice).client.get(address, headers={"Accept-Encoding": "gzip", "If-None-Match": f"W/{tag}"})
    assert other.status_code == 304


@pytest.fixture
def things(ada):
    Integration.objects.create(user=ada, integration_type="slack")
    DataSource.objects.create(name="main", address="https://example.com")
    channel_of(ada, name="hook", url="https://example.com/")
    return ada


@pytest.mark.parametrize(("kind", "change"), [
    ("integrations", {"credentials": {"token": "xoxb-1234"}}), ("integrations", {"status": "error"}),
    ("channels", {"enabled": False}), ("data-sources", {"headers": {"X-Scope-OrgID": "a"}}),
    ("data-sources", {"enabled": False}),
])  # fmt: skip
def test_everything_that_is_edited_has_one_also_of_its_secrets(things, kind, change):
    program = Program(things)
    address = f"{kind}/{program.get(f'{kind}/')['results'][0]['id']}/"
    tag = tag_of(program, address)
    assert tag_of(program, address) == tag
    program.patch(address, change, headers={"If-Match": tag})
    assert tag_of(program, address) != tag
    program.patch(address, change, status=412, headers={"If-Match": tag})


def test_what_is_made_has_one(alice):
    body = {"integration_type": "slack"}
    made = Program(alice).client.post("/api/integrations/", body, "application/json")
    assert made["ETag"] == tag_of(Program(alice), f"integrations/{made.json()['id']}/")


def test_the_root_lists_what_there_is_with_and_without_a_version(client, alice):
    for here in ("/api/", "/api/v1/"):
        listed = client.get(here).json()
        assert listed["resources"]["rules"] == f"http://testserver{here}rules/"
        assert listed["resources"]["metrics"] == f"http://testserver{here}metrics/"
        for address in listed["resources"].values():
            assert Program(alice).client.get(address).status_code in (200, 403, 405), address


@pytest.mark.parametrize(("address", "first", "second"), [
    ("preferences/", {"digest_at": "09:00"}, {"digest_at": "10:00"}),
    ("optimizer/policy/", {"trusted_after": 7}, {"stopped": True}),
])  # fmt: skip
def test_the_only_one_of_its_kind(ada, alice, address, first, second):
    program = Program(alice if address == "preferences/" else ada)
    read = tag_of(program, address)
    assert program.client.get(f"/api/{address}", headers={"If-None-Match": read}).status_code == 304
    changed = program.client.patch(f"/api/{address}", first, "application/json", headers={"If-Match": read})
    assert (changed.status_code, changed["ETag"]) == (200, tag_of(program, address))
    assert changed["ETag"] != read
    refused = program.patch(address, second, status=412, headers={"If-Match": read})
    assert "Somebody else" in refused["detail"][0]
    assert program.get(address).items() >= first.items()
    assert tag_of(program, address) == changed["ETag"]
    program.patch(address, second, headers={"If-Match": changed["ETag"]})


def test_each_operation_that_edits_takes_one(ada):
    for path, operations in Program(ada).get("schema/")["paths"].items():
        for method in operations.keys() & {"put", "patch"}:
            headers = [each["name"] for each in operations[method]["parameters"] if each["in"] == "header"]
            assert headers == ["If-Match"], (method, path)
            assert "412" in operations[method]["responses"]
