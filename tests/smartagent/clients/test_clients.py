"""Clients that are generated from the OpenAPI document, for Python and TypeScript, against a running server."""

import json
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

from rules.models import AutomationRule, MetricSample
from smartagent.accounts.tokens import issue_token
from tests.smartagent.rest.test_openapi import schema

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("openapi-python-client")
CONFIGURATION = {"package_name_override": "smartagent_client", "post_hooks": []}
NOT_READ = ["application/x-ndjson", "application/x-protobuf", "text/plain"]  # bodies of samples; the others are JSON


def run(*command, where):
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the document."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "api.json").write_text(json.dumps(schema.raw_schema))
    return folder


@pytest.fixture
def python_client(folder, monkeypatch):
    (folder / "python.json").write_text(json.dumps(CONFIGURATION))
    said = run(PROGRAM, "generate", "--path", "api.json", "--config", "python.json", "--meta", "none",
               "--output-path", "smartagent_client", where=folder)  # fmt: skip
    warnings = re.findall(r"Unsupported content type (\S+)|(Cannot .*|Unable .*)", said.stdout + said.stderr)
    assert sorted(warnings) == [(each, "") for each in NOT_READ]
    monkeypatch.syspath_prepend(folder)

    def operation(tag, name):
        return import_module(f"smartagent_client.api.{tag}.{name}").sync_detailed

    return import_module("smartagent_client"), import_module("smartagent_client.models"), operation


@pytest.fixture(scope="module")
def node_modules():
    """The packages of package-lock.json, fetched once by npm; the test is skipped where that cannot be."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("The TypeScript client needs node and npm.")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = settings.BASE_DIR / "var" / "node" / sha256(lock).hexdigest()[:12]
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm could not fetch the packages of the TypeScript client: {done.stderr[-200:]}")
        (folder / "done").touch()
    return folder / "node_modules"


def test_the_python_client(python_client, live_server, alice):
    package, models, operation = python_client
    with package.AuthenticatedClient(live_server.url, issue_token(alice, "python")[1]) as client:
        body = {"rule_name": "From Python", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
                "action_type": "log"}  # fmt: skip
        create, update = operation("rules", "rules_create"), operation("rules", "rules_update")
        made = create(client=client, body=models.RuleRequest.from_dict(body))
        rule, tag = made.parsed, made.headers["ETag"]
        assert (rule.rule_name, rule.user_name) == ("From Python", "Alice")
        patches = [models.PatchedRuleRequest.from_dict({"threshold_value": value}) for value in (95, 96)]
        changed, late = (update(rule.id, client=client, body=patch, if_match=tag) for patch in patches)
        assert (changed.parsed.threshold_value, late.status_code) == (95, 412)
        sample = models.SamplesPushJsonBodyType0.from_dict({"metric": "cpu", "value": 97})
        assert operation("samples", "samples_push")(client=client, body=sample).parsed.accepted == 1
        wrong = create(client=client, body=models.RuleRequest.from_dict(body | {"rule_name": ""}))
        assert wrong.parsed.additional_properties == {"rule_name": ["Enter a name, for example: Fusion score too low."]}
        listed = operation("rules", "rules_list")(client=client).parsed
        assert [(each.rule_name, each.links.self_) for each in listed.results] == [
            ("From Python", f"{live_server.url}/api/rules/{rule.id}/")
        ]
        assert MetricSample.objects.get().value == 97


def test_the_typescript_client(folder, node_modules, live_server, alice):
    binaries = node_modules / ".bin"
    run(binaries / "openapi-typescript", "api.json", "-o", "api.d.ts", where=folder)
    shutil.copy(HERE / "program.ts", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(node_modules)
    run(binaries / "tsc", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--lib",
        "es2022,dom", "program.ts", where=folder)  # fmt: skip
    found = json.loads(run("node", "program.js", live_server.url, issue_token(alice, "node")[1], where=folder).stdout)
    assert found == {
        "threshold": 95, "late": 412, "accepted": 1, "names": ["From TypeScript"], "count": 1,
        "wrong": {"rule_name": ["Enter a name, for example: Fusion score too low."]},
    }  # fmt: skip
    assert AutomationRule.objects.get().threshold_value == 95
