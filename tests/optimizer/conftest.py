"""The example platform, for real, on loopback."""

import pytest

from smartagent.demo.platform.connection import connect
from smartagent.demo.platform.server import running


@pytest.fixture
def loopback(settings, monkeypatch):
    """Receivers on this machine may be reached."""
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def platform(loopback):
    """The example platform."""
    with running() as server:
        yield server


@pytest.fixture
def gmail(platform):
    """How gmail is over there."""
    return platform.platform.services["gmail"]


@pytest.fixture
def at_gmail(platform, gmail, alice, now):
    """Alice's integration, which stands on it."""
    return connect(alice.pk, gmail, platform.address, now)
