"""Notes what a request reads, and writes it into the log."""

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from smartagent.kernel.reads import Reads, collecting
from smartagent.kernel.scope import has_everyone
from smartagent.kernel.streams import WrappedStream
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
            response.streaming_content = WrappedStream(  # type: ignore[attr-defined]
                response.streaming_content,  # type: ignore[attr-defined]
                partial(log_read, request, reads), partial(collecting, reads),
            )  # fmt: skip
        else:
            log_read(request, reads)
        return response


def _shows_records(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the answer shows what it loaded, to somebody who may see the records of others. Of what is sent by POST
    only pages do: what a person does to records has entries of its own."""
    user = request.user
    if response.status_code != 200 or not isinstance(user, User) or not has_everyone(user, "view"):
        return False
    is_page = response.get("Content-Type", "").startswith("text/html")
    return request.method == "GET" or (request.method == "POST" and is_page)
