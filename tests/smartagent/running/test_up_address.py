"""Where `up` keeps its lock, and the address that links begin with."""

import pytest

from smartagent.doctor import installation
from smartagent.up import CannotStart
from smartagent.up.only_one import only_one, running_at
from smartagent.up.site_address import site_url


def test_a_folder_that_is_not_there_is_made(tmp_path):
    with only_one(tmp_path / "not" / "there", "http://127.0.0.1:8041/"):
        assert (tmp_path / "not" / "there" / "up.lock").exists()


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="VAR_DIR"), only_one(tmp_path / "file", "http://127.0.0.1:8041/"):
        pass


def test_where_up_runs_is_known_while_it_runs(tmp_path):
    assert running_at(tmp_path) is None
    with only_one(tmp_path, "http://127.0.0.1:8041/"):
        assert running_at(tmp_path) == "http://127.0.0.1:8041"
    assert running_at(tmp_path) is None


@pytest.mark.parametrize(
    ("host", "port", "names", "https", "url"),
    [
        ("127.0.0.1", 8041, ["localhost", "127.0.0.1"], False, "http://127.0.0.1:8041"),
        ("0.0.0.0", 8041, ["localhost"], False, "http://localhost:8041"),
        ("::1", 8041, ["localhost"], False, "http://[::1]:8041"),
        ("127.0.0.1", 80, ["*"], False, "http://127.0.0.1"),
        ("127.0.0.1", 8041, ["localhost", "agent.example.com"], True, "https://agent.example.com"),
        ("0.0.0.0", 8041, [".example.com"], False, "http://example.com:8041"),
    ],
)
def test_links_begin_with_the_address_that_up_listens_on(host, port, names, https, url):
    assert site_url(host, port, names, https=https) == url


@pytest.mark.parametrize(
    ("site", "names", "https", "problem"),
    [
        ("http://localhost:8000", ["localhost"], False, "but Smart Agent answers at http://127.0.0.1:8041"),
        ("http://localhost:8041", ["localhost"], False, None),
        ("http://127.0.0.1:8041", ["localhost"], False, None),
        ("https://agent.example.com", ["localhost"], False, None),  # a proxy may pass it on
        ("https://agent.example.com", ["other.example.com"], True, "agent.example.com is not in ALLOWED_HOSTS"),
        ("http://agent.example.com", ["agent.example.com"], True, "HTTPS is on, but links"),
        ("agent.example.com", ["localhost"], False, "not a valid URL"),
        ("http://localhost:x", ["localhost"], False, "but Smart Agent answers"),
    ],
)
def test_doctor_compares_site_url_with_where_up_runs(site, names, https, problem, tmp_path, settings, monkeypatch):
    monkeypatch.setenv("SITE_URL", site)
    settings.SITE_URL, settings.ALLOWED_HOSTS, settings.HTTPS, settings.VAR = site, names, https, tmp_path
    with only_one(tmp_path, "http://127.0.0.1:8041/"):
        found = [each for each in installation.check_settings() if "inks" in each.problem or "SITE_URL" in each.problem]
    assert [each.problem for each in found if not problem or problem not in each.problem] == []
    assert bool(found) == bool(problem)
    assert all(each.fix for each in found)


def test_doctor_says_nothing_of_the_address_where_nobody_set_one(tmp_path, settings, monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    settings.VAR, settings.ALLOWED_HOSTS = tmp_path, ["localhost"]
    with only_one(tmp_path, "http://127.0.0.1:8041/"):
        assert not [each for each in installation.check_settings() if "inks" in each.problem]
