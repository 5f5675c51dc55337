"""What CI says of secrets and of vulnerable packages: never that something was checked which was not."""

import importlib.util
from pathlib import Path

import pytest

CI = Path(__file__).resolve().parents[1] / ".ci"


def script(name):
    spec = importlib.util.spec_from_file_location(f"ci_{name}", CI / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("dependencies", "said"), [
    ([{"name": "a", "version": "1", "vulns": []}], ["1 packages checked, 0 vulnerabilities."]),
    ([{"name": "a", "skip_reason": "x"}], ["DID NOT RUN"]),
    ([{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "x"}],
     ["NOT checked", "b", "1 packages"]),
    ([{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}],
     ["VULNERABLE: a 1: CVE-1, fixed in 2", "1 vulnerabilities"]),
])  # fmt: skip
def test_what_is_said_of_packages(dependencies, said):
    words = "\n".join(script("advisories").verdict_of({"dependencies": dependencies}, ""))
    assert [each for each in said if each not in words] == []
    assert ("0 vulnerabilities" in words) == (said[-1] == "1 packages" or "0 vulnerabilities" in said[-1])


def test_an_audit_without_a_report_did_not_run():
    assert "DID NOT RUN: no route" in script("advisories").verdict_of(None, "no route")[0]


def test_a_secret_is_found_also_in_a_test(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    for file in ("settings.py", "tests/test_it.py"):
        (tmp_path / file).write_text("KEY = '" + "AKIA" + "QYLPMN5HHHFPZAM2" + "'\n")
    (tmp_path / "tests" / "test_other.py").write_text("password = 'made up by a test'\n")
    secrets = script("find_secrets")
    assert {kind for _, kind, _, _ in secrets.secrets_in(["settings.py"])} >= {"AWS Access Key"}
    assert [each[1::2] for each in secrets.secrets_in(["tests/test_it.py", "tests/test_other.py"])] == [
        ("AWS Access Key", 1)
    ]
