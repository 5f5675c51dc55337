"""What a test need not do again and again, since other tests are about it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.test import client
from django.test.client import store_rendered_templates
from django.utils import timezone
from django.utils.crypto import get_random_string
from whitenoise.middleware import WhiteNoiseMiddleware

from smartagent.accounts.session_store import SessionStore
from smartagent.models import BrowserSession, User
from tests.migration_states import MigrationStates


@pytest.fixture(autouse=True, scope="session")
def static_files_are_looked_for_once() -> Iterator[None]:
    """Each test's client loads the middleware, and with it WhiteNoise, which looks at some hundred files."""
    found: dict[str, Any] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def a_response_has_the_context_of_each_template_once() -> Iterator[None]:
    """A page includes some templates a hundred times: to copy their contexts each time is a tenth of a page's time."""

    def store_once(store: dict[str, Any], signal: Any, sender: Any, template: Any, context: Any, **_: Any) -> None:
        if template not in store.get("templates", ()):
            store_rendered_templates(store, signal, sender, template, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "store_rendered_templates", store_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def background_work_is_done_at_once() -> Iterator[None]:
    """A mail that an answer does not wait for is there when the answer is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smartagent.accounts.sign_in.in_background", lambda work: work())
        yield


@pytest.fixture(autouse=True, scope="session")
def states_of_migrations_are_made_once() -> Iterator[None]:
    """Tests of taking over migrate a hundred times."""
    with pytest.MonkeyPatch.context() as patch:
        MigrationStates().remember(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def to_sign_in_is_one_statement() -> Iterator[None]:
    """Django's takes ten: it makes a session, changes its key, and notes when one has signed in."""

    def force_login(self: client.Client, user: User, backend: str | None = None) -> None:
        user.backend = backend or settings.AUTHENTICATION_BACKENDS[0]  # type: ignore[attr-defined]
        known = {
            SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: user.backend,
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            AUTHENTICATION_METHODS_SESSION_KEY: [{"method": "password", "at": time.time()}],
            "account_authentication_methods_user": user_id_to_str(user),
        }  # fmt: skip
        store = SessionStore()
        key = get_random_string(32, VALID_KEY_CHARS)
        BrowserSession.objects.create(
            session_key=key, session_data=store.encode(known), expire_date=store.get_expiry_date(), user=user,
            address="127.0.0.1", last_used_at=timezone.now(),
        )  # fmt: skip
        self.cookies[settings.SESSION_COOKIE_NAME] = key

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client.Client, "force_login", force_login)
        yield
