"""Reads the matrix of permissions, which is matrix.txt beside this file."""

import re
from pathlib import Path
from typing import Any

MATRIX = Path(__file__).with_name("matrix.txt")
KIND = re.compile(r"\[(?P<name>[^]]+)\] (?P<cells>\S.*)")
WORDS = {"+": "ok", "s": "sign-in", "c": "confirm", "3": "403", "4": "404", "5": "405", "g": "410"}


def matrix() -> dict[str, dict[str, str]]:
    """The expected answer, in one word, to each caller of each row."""
    found: dict[str, dict[str, str]] = {}
    callers: list[str] = []
    answers: dict[str, str] = {}
    for line in MATRIX.read_text().splitlines():
        kind: Any = KIND.fullmatch(line)
        if line.startswith("callers: "):
            callers = line.removeprefix("callers: ").replace("|", "").split()
        elif kind:
            answers = dict(zip(callers, (WORDS[cell] for cell in kind["cells"].replace(" ", "")), strict=True))
        elif re.match(r"[A-Z]+ /", line):
            assert line not in found, f"{line} has two rows"
            found[line] = answers
    return found
