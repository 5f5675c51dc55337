"""A number on top of a page, and where it leads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """One number of a page, and the list it was counted in."""

    label: str
    count: str
    link: str
    alarming: bool = False
