"""Cards at the top of a page: a number with a link."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A number with its label and a link to the counted list."""

    label: str
    count: str
    link: str
    alarming: bool = False
