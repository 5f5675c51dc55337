"""The CA certificate of a data source: entered by form, REST and file, used for its requests, never taken for a key."""

import json

import pytest

from rules.data_sources.asking import ask_queries
from rules.models import ActivityEntry, AutomationRule, DataSource
from rules.provisioning.apply import apply
from rules.provisioning.document import read_text
from rules.provisioning.export import as_document, as_yaml, with_sources
from rules.provisioning.plan import make_plan
from rules.provisioning.plan_text import plan_lines
from rules.provisioning.problems import FileRefused
from tests.api import Program
from tests.certificates import Issuer, https_server
from tests.rules.data_sources.source_cast import query_of, source_at

ROOT, OTHER = Issuer("Example Root"), Issuer("Other Root")
SERVER = Issuer("prom", ROOT, host="127.0.0.1")
ANSWER = json.dumps({"data": {"resultType": "scalar", "result": [1, "7"]}}).encode()
HEAD = "data_sources:\n- name: prom\n  address: https://prom.example.com\n"
KEY_LINE = ROOT.private.splitlines()[1]


@pytest.fixture(autouse=True)
def _loopback(settings, db):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def file_with(pem):
    lines = "".join(f"    {line}\n" for line in pem.splitlines())
    return f"version: 1\nsource: hosts\n{HEAD}  ca_certificate: |\n{lines}rules: []\n"


def test_a_query_is_asked_of_a_server_whose_authority_is_entered(tmp_path, now):
    with https_server(tmp_path, SERVER, ANSWER) as url:
        query = query_of(source_at(url, ca_certificate=ROOT.pem), "up", "up")
        (outcome,) = ask_queries([query], now)
        assert (outcome.error, [each.value for each in outcome.series]) == ("", [7.0])
        query.source.ca_certificate = ""
        (outcome,) = ask_queries([query], now)
    assert outcome.error == (
        "prom: 127.0.0.1 could not be reached: its TLS certificate is signed by an authority that is not trusted. If "
        "that is right, enter the certificate of its authority as CA certificate of the data source."
    )
    query.source.ca_certificate = "written by another program"
    assert "prom: The CA certificate cannot be read." in ask_queries([query], now)[0].error


def test_the_form_keeps_certificates_and_shows_no_key(client_of, ada):
    client, page = client_of(ada), "/data-sources/add/"
    sent = {"name": "prom", "address": "https://prom.example.com", "authentication": "none", "timeout": "10"}
    for wrong in (ROOT.private, ROOT.pem + ROOT.private, f"{KEY_LINE}\n"):
        refused = client.post(page, sent | {"ca_certificate": wrong}).content.decode()
        assert "Enter only certificates, each from -----BEGIN CERTIFICATE-----" in refused
        assert KEY_LINE not in refused
    assert not DataSource.objects.exists()
    shown = client.post(page, sent | {"ca_certificate": f"# ours\n{ROOT.pem}"}, follow=True).content.decode()
    source = DataSource.objects.get()
    assert source.ca_certificate == ROOT.pem
    assert "Example Root, until " in shown
    edit = f"/data-sources/{source.pk}/edit/"
    assert ROOT.pem.strip() in client.get(edit).content.decode()
    client.post(edit, sent | {"ca_certificate": OTHER.pem})
    changes = ActivityEntry.objects.latest("created_at").context["changes"]
    assert changes.startswith("CA certificate Example Root until ")
    assert " → Other Root until " in changes
    DataSource.objects.update(ca_certificate="written by another program")
    assert client.get(f"/data-sources/{source.pk}/").status_code == 200


def test_rest_returns_the_certificates_that_it_keeps(ada):
    api = Program(ada)
    sent = {"name": "prom", "address": "https://prom.example.com", "ca_certificate": ROOT.pem + OTHER.pem}
    made = api.post("data-sources/", sent, status=201)
    assert made["ca_certificate"] == ROOT.pem + OTHER.pem
    page = f"data-sources/{made['id']}/"
    for wrong in (ROOT.private, "a\x00", 7, ["a"], "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        refused = api.patch(page, {"ca_certificate": wrong}, status=400)
        assert refused.keys() == {"ca_certificate"}
        assert KEY_LINE not in str(refused)
    assert api.patch(page, {"ca_certificate": ""})["ca_certificate"] == ""


def test_a_file_holds_certificates_and_its_plan_names_them(now):
    apply(read_text(file_with(ROOT.pem)), None, now)
    assert DataSource.objects.get().ca_certificate == ROOT.pem
    exported = as_yaml(with_sources(as_document(AutomationRule.objects.none(), "hosts")))
    assert file_with(ROOT.pem).partition(HEAD)[2] == exported.partition(HEAD)[2]
    assert not make_plan(read_text(exported), None).changes
    lines = "\n".join(plan_lines(make_plan(read_text(file_with(OTHER.pem)), None)))
    assert "ca_certificate: Example Root until " in lines
    assert "BEGIN" not in lines
    with pytest.raises(FileRefused) as refused:
        read_text(file_with(ROOT.private))
    (problem,) = refused.value.problems
    assert (problem.line, "A private key stays with its server" in problem.message) == (6, True)
