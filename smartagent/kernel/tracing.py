"""Spans of OpenTelemetry, where `smartagent.setup.traces` was started; elsewhere they cost a look.

The ID of a run is that of its trace, and the last eight bytes of it that of its first span: whoever knows the run, as a
worker that delivers its messages does, continues its trace.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

Note = Callable[..., None]  # takes further attributes of a span, of which `error` makes it one that failed
Begin = Callable[[str, UUID | None, bool, dict[str, Any]], AbstractContextManager[Note]]


class Tracing:
    """What begins the spans of this process; None where nothing is traced."""

    begin: Begin | None = None


def first_span(name: str, of: UUID, **attributes: Any) -> AbstractContextManager[Note]:
    """The first span of the trace of a run."""
    return Tracing.begin(name, of, True, attributes) if Tracing.begin else nullcontext(_nothing)


def span(name: str, of: UUID | None = None, **attributes: Any) -> AbstractContextManager[Note]:
    """A span within the present one, or within the first one of a run."""
    return Tracing.begin(name, of, False, attributes) if Tracing.begin else nullcontext(_nothing)


def _nothing(**attributes: Any) -> None:
    """Takes the attributes where nothing is traced."""
