"""The answer to a request for an export."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo

import structlog
from django.http import StreamingHttpResponse
from django.utils import timezone

from rules.activity_export.entries import EntryCells
from rules.activity_export.formats import FILE_FORMATS, FileFormat
from rules.activity_export.rows import check, fetched
from rules.models.querysets import ActivityQuerySet
from smartagent.rest.slots import Slots

log = structlog.get_logger(__name__)
# Each occupies a thread of the web server while it runs.
EXPORT_SLOTS = Slots("exports", 2, retry_after=30)


def export(entries: ActivityQuerySet, kind: str, columns: Sequence[str], zone: tzinfo) -> StreamingHttpResponse:
    """The streamed file of `entries`; Busy where as many exports run as may."""
    check(entries)
    file: FileFormat = FILE_FORMATS[kind]()
    stream = EXPORT_SLOTS.hold(written(file, EntryCells(file, zone, columns), entries, columns))
    answer = StreamingHttpResponse(stream, content_type=file.media_type)
    name = f"activity-{timezone.localtime(timezone=zone):%Y-%m-%d-%H%M}.{file.suffix}"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if kind == "xlsx":
        answer.headers["Content-Encoding"] = "identity"  # it is compressed already
    return answer


def written(file: FileFormat, cells: EntryCells, entries: ActivityQuerySet, columns: Sequence[str]) -> Iterator[bytes]:
    """The bytes of the file. Where something fails it ends in words that say so, for not every server breaks the
    connection."""
    try:
        yield from file.write(columns, cells.batches(fetched(entries)))
    except Exception:
        log.exception("export failed")
        yield file.end_badly()
        raise
