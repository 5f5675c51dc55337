"""The headers of a list are made once. Unfold, which labels the cells by them for phones, makes them again for each
row."""

from collections.abc import Callable, Iterable
from typing import Any

from unfold.templatetags import unfold_list

HEADERS = "smartagent_headers"


def make_once() -> None:
    """Replace Unfold's function, unless that was done before."""
    if not hasattr(unfold_list.result_headers, "make"):
        unfold_list.result_headers = _Once(unfold_list.result_headers)


class _Once:
    """A function of a change list that keeps what it gave for each."""

    def __init__(self, make: Callable[[Any], Iterable[dict[str, Any]]]) -> None:
        self.make = make

    def __call__(self, change_list: Any) -> list[dict[str, Any]]:
        known: list[dict[str, Any]] | None = getattr(change_list, HEADERS, None)
        if known is None:
            known = list(self.make(change_list))
            setattr(change_list, HEADERS, known)
        return known
