"""Problems of a rules file: place, rule, field, and a valid example."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a file at `path`, such as `("rules", 3, "threshold")`."""

    message: str
    path: Path = ()
    line: int = 0  # 0: the file has no lines, or it is about the file as a whole
    uid: str = ""

    @property
    def place(self) -> str:
        """The path as text: `rules[3].threshold`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.removeprefix(".")

    @property
    def field(self) -> str:
        """The field of the rule, such as `more_conditions[0].window`; empty if it concerns none."""
        return Problem("", self.path[2:]).place

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        if self.uid:
            where.append(f"rule {self.uid}")
        elif len(self.path) > 1:
            where.append(Problem("", self.path[:2]).place)
        where += [self.field] if self.field else [] if len(self.path) > 1 else [self.place] if self.path else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


class FileRefused(Exception):
    """The file is wrong, and nothing was changed; `file` is its name, where there are several."""

    file: str = ""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(map(str, self.problems)))

    def by_place(self) -> dict[str, list[str]]:
        """Return the messages by place; those of the file as a whole are under `detail`."""
        errors: dict[str, list[str]] = {}
        for problem in self.problems:
            errors.setdefault(problem.place or "detail", []).append(problem.message)
        return errors
