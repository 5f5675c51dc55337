"""One thing that must hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: whether it did, and what was found."""

    name: str
    ok: bool
    detail: str
