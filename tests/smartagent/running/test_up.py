"""`manage.py up` as a person meets it: real processes on free ports."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from smartagent.management.commands.up import Command
from smartagent.models import User
from smartagent.up import CannotStart
from tests.browser.conftest import browser_type_launch_args
from tests.smartagent.running.page_weight import assert_pages_are_light

__all__ = ["browser_type_launch_args"]
PROJECT = Path(__file__).resolve().parents[3]


class Up:
    """A running `manage.py up`, and its output."""

    def __init__(self, var, *arguments, **environment):
        self.port = free_port()
        command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(self.port), *arguments]
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            command, cwd=PROJECT, stdout=self.log, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "VAR_DIR": str(var), "DATABASE_URL": "", "PYTHONUNBUFFERED": "1", **environment},
        )  # fmt: skip

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def until(self, text: str, seconds: float = 60) -> str:
        assert eventually(lambda: text in self.output() or self.process.poll() is not None, seconds), self.output()
        assert text in self.output()
        return self.output()

    def roles(self) -> set[str]:
        """Which of its processes run: those below the first, by their commands."""
        named = ("granian", "qcluster", "deliver", "evaluate")
        lines = [" ".join(child.cmdline()) for child in psutil.Process(self.process.pid).children()]
        return {name for name in named if any(name in line for line in lines)}

    def stop(self, number=signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=40)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return true()


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def sign_in(port: int, email: str, password: str) -> str:
    """Sign in as a browser does; return the address one lands on."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"http://127.0.0.1:{port}/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(.+?)"', page)[1]
    form = {"csrfmiddlewaretoken": token, "username": email, "password": password, "next": "/"}
    return str(browser.open(f"http://127.0.0.1:{port}/login/", urllib.parse.urlencode(form).encode()).geturl())


@pytest.fixture
def up(tmp_path_factory):
    started = []

    def start(*arguments, var=None, **environment):
        started.append(Up(var or Path(tempfile.mkdtemp(prefix="up-")), *arguments, **environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.log.close()


def test_from_nothing_to_a_page_one_can_sign_in_to_and_to_a_clean_end(up, browser):
    """One long story, since to start everything is what takes the time."""
    var = Path(tempfile.mkdtemp(prefix="up-"))
    one = up(var=var, EVALUATE_EVERY_SECONDS="15")  # with an evaluator of its own
    output = one.until("Smart Agent is ready")
    password = re.search(r"password\s+(\S+)", output)[1]
    assert sign_in(one.port, "admin@example.com", password) == f"http://127.0.0.1:{one.port}/"
    assert_pages_are_light(browser, f"http://127.0.0.1:{one.port}", password)

    second = up(var=var)
    assert second.process.wait(timeout=30) == 2
    assert f"running already with the data in {var}: process {one.process.pid}" in second.output()

    children = psutil.Process(one.process.pid).children(recursive=True)
    web = next(child for child in children if "granian" in " ".join(child.cmdline()))
    web.kill()
    one.until("web ended with exit code -9; starting it again in 1 s.")

    assert eventually(lambda: len(one.roles()) == 4, 30), one.roles()
    children, began = psutil.Process(one.process.pid).children(recursive=True), time.monotonic()
    for child in children:  # as systemd does: all of them, at once
        with suppress(psutil.NoSuchProcess):  # it has ended with another
            child.send_signal(signal.SIGTERM)
    assert one.stop(signal.SIGTERM) == 0
    assert eventually(lambda: not any(runs(child) for child in children), 10 - (time.monotonic() - began))
    assert one.output().count(password) == 1


@pytest.mark.django_db
def test_the_first_administrator_by_the_environment_is_never_printed(capsys, client):
    command, environment = Command(), {"ADMIN_EMAIL": "Root@Example.org", "ADMIN_PASSWORD": "a long enough secret"}
    command.show_admin(command.make_admin(environment), "http://127.0.0.1:8000/")
    assert capsys.readouterr().out.endswith("Created the administrator root@example.org.\n")
    assert client.login(username="root@example.org", password="a long enough secret")
    assert command.make_admin(environment) is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ADMIN_EMAIL": "nobody"}, "ADMIN_EMAIL='nobody' is not an e-mail address"),
        ({"ADMIN_PASSWORD": "12345"}, "ADMIN_PASSWORD: This password is too short"),
    ],
)
@pytest.mark.django_db
def test_a_bad_first_administrator_is_refused_in_words(environment, words):
    with pytest.raises(CannotStart, match=words):
        Command().make_admin(environment)
    assert not User.objects.exists()


def test_a_port_in_use_is_told_before_anything_is_touched(up):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        one = up("--port", str(holder.getsockname()[1]))
        assert one.process.wait(timeout=30) == 2
    assert f"is in use by {psutil.Process().name()} (process {os.getpid()})" in one.output()
    assert "Migrating the database" not in one.output()
    assert "Traceback" not in one.output()


def test_an_address_of_another_machine_is_refused_in_words(up):
    one = up("--host", "203.0.113.7")
    assert one.process.wait(timeout=30) == 2
    assert "203.0.113.7 is not an address of this machine" in one.output()
