"""What the log says of a request."""

import logging


def told_of(caplog, client, path):
    with caplog.at_level("WARNING", logger="django.request"):
        client.get(path)
    return [record for record in caplog.records if record.name == "django.request"]


def test_what_is_refused_takes_one_line(caplog, client_of, alice):
    (record,) = told_of(caplog, client_of(alice), "/people/")
    assert "Forbidden" in record.getMessage()
    assert record.exc_info is None


def test_what_is_broken_keeps_its_traceback(caplog):
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error")
    assert caplog.records[-1].exc_info
