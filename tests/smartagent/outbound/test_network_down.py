"""Without a network or a name server nothing is known of the receiver; a name that nobody has is another matter."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpcore
import pytest

from smartagent.outbound.addresses import resolve
from smartagent.outbound.errors import NetworkDown, Unreachable, is_network_down, unreachable

PROJECT = Path(__file__).resolve().parents[3]
ALONE = ["unshare", "--map-root-user", "--net"]
# In a namespace without a network: by a name and by an address, with each of both clients.
SEND = """
import asyncio, django
django.setup()
from smartagent.outbound import async_client, client
from smartagent.outbound.errors import NotSent
for url in ("http://somewhere.example.com/", "http://8.8.8.8/"):
    for send in (client.send, lambda *request: asyncio.run(async_client.send(*request))):
        try:
            send("POST", url)
        except NotSent as error:
            print(type(error).__name__)
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run([*ALONE, "true"], check=False).returncode != 0,
    reason="no right to make a network namespace",
)
def test_a_machine_without_a_network():
    settings = {"DJANGO_SETTINGS_MODULE": "smartagent.settings", "HTTP_PROXY": "", "http_proxy": ""}
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", SEND], cwd=PROJECT, env=os.environ | settings, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["NetworkDown"] * 4


def test_errors_of_the_network_are_told_from_those_of_the_receiver():
    for error in (
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        OSError(errno.ENETDOWN, "Network is down"),
    ):
        wrapped = httpcore.ConnectError("Not connected.")
        wrapped.__cause__ = error
        assert is_network_down(wrapped)
        assert isinstance(unreachable("No.", error), NetworkDown)
    for error in (
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(errno.ECONNREFUSED, "Connection refused"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
        ValueError("No URL."),
    ):
        assert not is_network_down(error)
        assert type(unreachable("No.", error)) is Unreachable


def test_a_look_up_that_takes_too_long_is_one_of_the_network():
    with pytest.raises(NetworkDown, match="could not be looked up in time"):
        resolve("somewhere.example.com", 80, 0)
