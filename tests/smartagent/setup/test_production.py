"""An installation for others, set up by its environment alone: safe, or it does not start."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from smartagent.kernel.private_files import private_folder
from smartagent.setup.safety import dangers
from smartagent.setup.secret_key import secret_key

PRODUCTION = {"HTTPS": "on", "ALLOWED_HOSTS": "agent.example.com", "SITE_URL": "https://agent.example.com"}
SHOW = """
import smartagent.wsgi
from django.conf import settings
from django.core.management import call_command
call_command("check", deploy=True, fail_level="WARNING")
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SECURE_HSTS_SECONDS >= 31536000, settings.DEBUG)
"""


def python(code: str, var: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    given = {"PATH": os.defpath, "VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "smartagent.settings", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=given, capture_output=True, text=True, check=False
    )


def test_the_environment_alone_makes_it_safe(tmp_path):
    done = python(SHOW, tmp_path / "var", **PRODUCTION)
    assert done.stdout.splitlines()[-1:] == ["__Host-sessionid __Host-csrftoken True False"], done.stderr
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_what_is_unsafe_does_not_start(tmp_path):
    done = python("import smartagent.wsgi", tmp_path, **PRODUCTION, SECRET_KEY="changeme", DEBUG="on")
    assert done.returncode == 1
    assert "ImproperlyConfigured: DEBUG is on" in done.stderr
    assert "SECRET_KEY can be guessed" in done.stderr
    assert "changeme" not in done.stderr


SAFE = {"DEBUG": False, "SECRET_KEY": "k3J-xYq8" * 8}


@pytest.mark.parametrize(("given", "host", "count"), [
    ({}, "0.0.0.0", 0),
    ({"DEBUG": True}, "0.0.0.0", 1),
    ({"DEBUG": True}, "127.0.0.1", 0),
    ({"DEBUG": True, "ALLOWED_HOSTS": ["*"]}, "127.0.0.1", 1),
    ({"SECRET_KEY": "django-insecure-" + "a1b2c3" * 9}, "::", 1),
    ({"SECRET_KEY": "a" * 60, "ALLOWED_HOSTS": [".example.com"]}, "", 1),
])  # fmt: skip
def test_dangers(given, host, count):
    assert len(dangers(SimpleNamespace(**{"ALLOWED_HOSTS": ["localhost"]} | SAFE | given), host)) == count


def test_the_folder_of_data_is_closed_unless_it_holds_other_things(tmp_path):
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    key = secret_key(var)
    (var / "secret_key").chmod(0o644)
    assert secret_key(var) == key
    assert var.stat().st_mode & 0o066 == 0
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "photos").mkdir()
    tmp_path.chmod(0o755)
    private_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
