"""Receivers on loopback may be reached, and messages are not bundled unless a test is about that."""

import pytest
import time_machine

from tests.notifications.outside import START


@pytest.fixture(autouse=True)
def _loopback(settings, monkeypatch):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8", "::1"]
    settings.NOTIFICATIONS_PER_MINUTE = 0
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock():
    """The time of day, which a test can move."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller
