"""One large piece of memory for the calls of a test, where Python takes and returns small ones.

CPython keeps the frames of a thread in pieces of 16 KB. A loop that calls a function across the end of a piece maps
memory and unmaps it at each call, which takes two hundred times as long as the call. Beneath pytest, Django and a
template some loop always does.
"""

from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])
# Words of eight bytes. Pieces are powers of two: the frame takes half of one of 1 MiB, the calls beneath it the rest.
SLOTS = 65_536


def with_room(function: Function) -> Function:
    """Make its frame so large that it begins a piece of its own; what it does not use is never touched."""
    function.__code__ = function.__code__.replace(co_stacksize=SLOTS)  # type: ignore[attr-defined]
    return function
