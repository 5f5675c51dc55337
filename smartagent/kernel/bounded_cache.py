"""Caches whose memory is bounded by what they hold, not by how many things that is."""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def bounded_cache(maximum: int, weight: Callable[[R], int]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the results of a function by its arguments, up to `most` of their `weight` together; the least recently used
    go first. What weighs more than a fifth of it is not kept at all."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: OrderedDict[object, R] = OrderedDict()
        lock, total = Lock(), 0

        @wraps(function)
        def cached(*args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal total
            key = (args, tuple(sorted(kwargs.items())))
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            found = function(*args, **kwargs)
            size = 1 + weight(found)
            if size > maximum // 5:
                return found
            with lock:
                if key not in kept:
                    kept[key], total = found, total + size
                while total > maximum:
                    total -= 1 + weight(kept.popitem(last=False)[1])
            return found

        return cached

    return decorate
