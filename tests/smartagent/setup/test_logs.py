"""What the log says of a request."""

import logging
import os
import subprocess
import sys


def log_records(caplog, client, path):
    with caplog.at_level("WARNING", logger="django.request"):
        client.get(path)
    return [record for record in caplog.records if record.name == "django.request"]


def test_what_is_refused_takes_one_line(caplog, client_of, alice):
    (record,) = log_records(caplog, client_of(alice), "/people/")
    assert "Forbidden" in record.getMessage()
    assert record.exc_info is None


def test_what_is_broken_keeps_its_traceback(caplog):
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error")
    assert caplog.records[-1].exc_info


WRITES = """
import logging
import django
django.setup()
logging.getLogger("x").warning("rule %s failed", "a\\r\\nlevel=error\\x1b[2K\\u202eevil\\x00")
"""


def test_texts_of_others_begin_no_line_and_move_no_cursor():
    done = subprocess.run(
        [sys.executable, "-c", WRITES], capture_output=True, check=True, env=os.environ | {"LOG_LEVEL": "INFO"},
    )  # fmt: skip
    (line,) = [line for line in done.stderr.decode().split("\n") if "rule" in line]
    assert "rule a\\nlevel=error\ufffd[2K\ufffdevil\ufffd failed" in line
    assert "level=warning" in line
    assert not set("\r\x1b\x00\u202e") & set(done.stderr.decode())
