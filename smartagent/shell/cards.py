"""Cards at the top of a page: a number with a link."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A number with its label and a link to the counted list; `change` is how it differs from before."""

    label: str
    count: str
    link: str
    alarming: bool = False
    change: str = ""
