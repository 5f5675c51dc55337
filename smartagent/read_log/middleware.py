"""Notes what a request reads, and writes it into the log."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from smartagent.kernel.reads import Reads, collecting
from smartagent.kernel.scope import has_everyone
from smartagent.models import User
from smartagent.read_log.windows import log_read


class ReadLogMiddleware:
    """Outside of row-level security, so that the entry is written as the owner of the tables.

    Where it cannot be written the request fails: nobody reads unseen.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.LOG_READS:
            return self.get_response(request)
        reads = Reads()
        with collecting(reads):
            response = self.get_response(request)
        if not _shows_records(request, response):
            return response
        if response.streaming:
            content = response.streaming_content  # type: ignore[attr-defined]
            response.streaming_content = ReadStream(content, reads, request)  # type: ignore[attr-defined]
        else:
            log_read(request, reads)
        return response


class ReadStream:
    """The chunks of a streamed response; what they read is logged when it ends, or is broken off."""

    def __init__(self, chunks: Iterable[Any], reads: Reads, request: HttpRequest) -> None:
        self.chunks, self.reads, self.request = chunks, reads, request
        self.iterator = iter(chunks)
        self.is_open = True

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            with collecting(self.reads):
                return next(self.iterator)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the stream."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            if close := getattr(self.chunks, "close", None):
                close()
        finally:
            log_read(self.request, self.reads)


def _shows_records(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the answer shows what it loaded, to somebody who may see the records of others. Of what is sent by POST
    only pages do: what a person does to records has entries of its own."""
    user = request.user
    if response.status_code != 200 or not isinstance(user, User) or not has_everyone(user, "view"):
        return False
    is_page = response.get("Content-Type", "").startswith("text/html")
    return request.method == "GET" or (request.method == "POST" and is_page)
