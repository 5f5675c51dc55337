"""A function whose answers are remembered, up to a number; then all are forgotten."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MAX_REMEMBERED = 30_000


class Memo(dict[K, V], Generic[K, V]):
    """`memo[key]` is `function(key)`: a dictionary, so that what is known costs one look."""

    def __init__(self, function: Callable[[K], V]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, key: K) -> V:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        value = self[key] = self.function(key)
        return value
