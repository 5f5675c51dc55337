"""Sessions of browsers in the database (SESSION_ENGINE): whose they are, and where and when they were used last.

A deleted row is a session that is signed out, at its next request.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.http import HttpRequest
from django.utils import timezone

from smartagent.accounts.browser_names import MAX_USER_AGENT
from smartagent.kernel.client_address import client_address
from smartagent.models import BrowserSession

NOTED_EVERY = timedelta(minutes=1)


class SessionStore(DatabaseSessionStore):
    """Django's, with a row that knows its person; saving it leaves the notes of its use alone."""

    row: BrowserSession | None = None  # as it was loaded

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> Any:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def save(self, must_create: bool = False) -> None:
        """Save the data; UpdateError where the row was deleted meanwhile, so that it stays signed out."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row = self.create_model_instance(self._get_session())  # type: ignore[attr-defined]
        values = {"session_data": row.session_data, "expire_date": row.expire_date, "user": row.user_id}
        if not BrowserSession.objects.filter(pk=row.pk).update(**values):
            raise UpdateError

    def create_model_instance(self, data: Any) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        return row


def note_use(request: HttpRequest, now: datetime | None = None) -> None:
    """Note when, where and by which browser the session of a signed-in person is used, at most once a minute."""
    store: Any = request.session
    if not store.accessed or not store.session_key or SESSION_KEY not in store:
        return
    now, row = now or timezone.now(), store.row
    address, user_agent = client_address(request), str(request.META.get("HTTP_USER_AGENT", ""))[:MAX_USER_AGENT]
    is_this = row is not None and row.session_key == store.session_key and row.last_used_at is not None
    if is_this and (row.address, row.user_agent) == (address, user_agent) and now - row.last_used_at < NOTED_EVERY:
        return
    BrowserSession.objects.filter(pk=store.session_key).update(address=address, user_agent=user_agent, last_used_at=now)
