"""Advisory locks are numbers that the whole database shares: two works with the same would keep each other out."""

import re
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
NUMBER = re.compile(r"^[A-Z_, ]*LOCK[A-Z_, ]* = (.+)$", re.MULTILINE)


def test_each_lock_has_a_number_of_its_own():
    files = [
        file for app in ("smartagent", "rules", "notifications", "optimizer") for file in PROJECT.glob(f"{app}/**/*.py")
    ]
    declared = [
        number
        for file in files
        for numbers in NUMBER.findall(file.read_text())
        for number in re.findall(r"0x\w+", numbers)
    ]
    assert len(declared) > 8
    assert [number for number, count in Counter(declared).items() if count > 1] == []
