"""Looks for secrets in every file of the repository, by detect-secrets; exit code 1 where one is found.

What only looks like one is in known_secrets.json, by file, kind and hash: `python .ci/find_secrets.py --accept` writes
it. Tests have made-up passwords and random texts by the dozen: there, only the forms of secrets of real services are
looked for.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
KNOWN = ROOT / ".ci" / "known_secrets.json"
LOUD = {"KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString", "BasicAuthDetector"}
LIMITS = {"Base64HighEntropyString": {"limit": 4.5}, "HexHighEntropyString": {"limit": 3.0}}
Found = tuple[str, str, str, int]  # file, kind, hash, line


def files_of(root: Path) -> list[str]:
    """The files that git keeps or would keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (root / name).is_file() and root / name != KNOWN]


def secrets_in(files: Sequence[str]) -> list[Found]:
    """What looks like a secret in `files`, all of them of tests or none."""
    quiet = bool(files) and files[0].startswith("tests/")
    names = {each.__name__ for each in get_mapping_from_secret_type_to_class().values()} - (LOUD if quiet else set())
    found = SecretsCollection()
    with transient_settings({"plugins_used": [{"name": name, **LIMITS.get(name, {})} for name in sorted(names)]}):
        for file in files:
            found.scan_file(file)
    return [(file, each.type, each.secret_hash, each.line_number) for file, each in found]


def scan(files: Iterable[str]) -> list[Found]:
    """What looks like a secret, by all processors."""
    groups: list[list[str]] = [[], []]
    for file in files:
        groups[file.startswith("tests/")].append(file)
    parts = [group[start : start + 100] for group in groups for start in range(0, len(group), 100)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return sorted(each for found in pool.map(secrets_in, parts) for each in found)


def main() -> int:
    os.chdir(ROOT)
    files = files_of(ROOT)
    found = scan(files)
    if "--accept" in sys.argv:
        KNOWN.write_text(json.dumps([list(each[:3]) for each in found], indent=1) + "\n")
    known = {tuple(each) for each in json.loads(KNOWN.read_text())}
    new = [each for each in found if each[:3] not in known]
    for file, kind, _, line in new:
        print(f"{file}:{line}: looks like a secret ({kind}).")
    if new:
        print(
            "Remove it, and change it where it was real; what only looks like one: python .ci/find_secrets.py --accept"
        )
    else:
        print(f"No secrets in {len(files)} files.")
    return bool(new)


if __name__ == "__main__":
    sys.exit(main())
