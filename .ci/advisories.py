"""Asks by pip-audit whether a pinned package has a known vulnerability; exit code 1 where one has.

Where the advisory service cannot be reached, or does not know a package, it says that this was NOT checked; with
AUDIT=required it fails then.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILES = ("requirements.txt", "tests/requirements.txt")
SECONDS = 120


def main() -> int:
    verdict = [line for file in FILES for line in (f"{file}:", *verdict_of(*asked(ROOT / file)))]
    print("\n".join(verdict))
    vulnerable = any("VULNERABLE" in line for line in verdict)
    unknown = any("NOT " in line for line in verdict)
    return int(vulnerable or (unknown and os.environ.get("AUDIT") == "required"))


def asked(file: Path) -> tuple[Mapping[str, Any] | None, str]:
    """The report of pip-audit; None where there is none, with the reason."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(file), "--no-deps", "--disable-pip", "--format", "json",
               "--progress-spinner", "off", "--timeout", "10"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return json.loads(done.stdout), ""
    except subprocess.TimeoutExpired:
        return None, f"no answer within {SECONDS} s"
    except ValueError:
        return None, (done.stderr.strip().splitlines() or ["no reason given"])[-1][:300]


def verdict_of(report: Mapping[str, Any] | None, reason: str) -> list[str]:
    """The lines that say what was checked, what is vulnerable, and what was not checked."""
    if report is None:
        return [f"  pip-audit DID NOT RUN: {reason}. Nothing is known about these packages."]
    skipped = [each["name"] for each in report["dependencies"] if "skip_reason" in each]
    checked = [each for each in report["dependencies"] if "skip_reason" not in each]
    lines = [
        f"  VULNERABLE: {each['name']} {each['version']}: {bug['id']}, "
        f"fixed in {', '.join(bug['fix_versions']) or 'none'}"
        for each in checked for bug in each["vulns"]
    ]  # fmt: skip
    if not checked:
        return [f"  pip-audit DID NOT RUN: the advisory service knows none of the {len(skipped)} packages from here."]
    if skipped:
        lines.append(f"  NOT checked, unknown to the advisory service: {', '.join(skipped)}.")
    return [*lines, f"  {len(checked)} packages checked, {len(lines) - bool(skipped)} vulnerabilities."]


if __name__ == "__main__":
    sys.exit(main())
