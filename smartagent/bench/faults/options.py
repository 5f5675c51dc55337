"""What the command line asks for."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """`rate` is of deliveries, `samples` of samples in a second; `every` are the seconds between two evaluations.
    With `minutes` it is a soak of that length, without faults."""

    rules: int = 100_000
    rate: int = 50
    samples: int = 200
    people: int = 20
    every: int = 15
    only: list[str] = field(default_factory=list)
    minutes: float = 0.0
    folder: str = ""
    mounted: bool = False
