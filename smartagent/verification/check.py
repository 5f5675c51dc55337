"""A check of a verification."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A check: its name, whether it holds, and what was found."""

    name: str
    ok: bool
    detail: str
