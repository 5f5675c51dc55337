"""Caches that are bounded by the memory of their contents."""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def bounded_cache(maximum: int, weight: Callable[[R], int]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Cache the results of a function, up to a total `weight` of `maximum`; least recently used ones are dropped first.
    A result of more than a fifth of it is not cached."""

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
