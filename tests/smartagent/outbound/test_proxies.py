"""Which proxy the environment names, and what NO_PROXY leaves out."""

import pytest

from smartagent.outbound.proxies import is_left_out, proxy_of


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "left_out"),
    [
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.7/8", "10.1.2.3", 80, True),  # host bits
        ("10.0.0.0/8", "10.example.com", 80, False),
        ("192.168.1.7", "192.168.1.7", 80, True),
        ("192.168.1.7", "192.168.1.70", 80, False),
        ("0.7", "192.168.0.7", 80, False),
        ("fd00::/8", "fd12::1", 443, True),
        ("fd00::/8", "[fd12::1]", 443, True),
        ("::1", "[::1]", 443, True),
        ("[::1]:8443", "::1", 8443, True),
        ("[::1]:8443", "::1", 443, False),
        ("10.0.0.0/8", "::ffff:10.0.0.1", 80, True),
        ("10.0.0.1:8080", "10.0.0.1", 8080, True),
        ("10.0.0.1:8080", "10.0.0.1", 80, False),
        ("10.0.0.0/8:8080", "10.0.0.1", 8080, True),
        ("example.com:8443", "api.example.com", 8443, True),
        ("example.com:8443", "api.example.com", 443, False),
        ("*.example.com", "api.example.com", 443, True),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("*.example.com", "badexample.com", 443, False),
        ("*.example.com:443", "api.example.com", 443, True),
        (".example.com", "api.example.com", 443, True),
        ("example.com", "badexample.com", 443, False),
        ("Example.COM", "api.EXAMPLE.com.", 443, True),
        ("a.com , b.com\tc.com", "b.com", 80, True),
        ("a.com , b.com\tc.com", "c.com", 80, True),
        ("*", "anything.com", 80, True),
        ("a.com,*", "anything.com", 80, True),
        (", ,", "a.com", 80, False),
        ("", "a.com", 80, False),
        ("a.com:port, 10.0.0.0/99, [", "a.com", 80, False),  # nonsense is nothing
    ],
)
def test_no_proxy_names_hosts_domains_networks_and_ports(no_proxy, host, port, left_out):
    assert is_left_out(no_proxy, host, port) == left_out


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "p:1", "HTTPS_PROXY": "http://q:1"}, "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://p:1"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*.example.com"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "api.example.com:443"}, ""),  # the port of https
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "", "NO_PROXY": "api.example.com"}, "http://p:1"),
        ({"http_proxy": "http://p:1"}, ""),
    ],
)
def test_variables_are_read_in_small_letters_and_in_capitals(environment, proxy):
    assert proxy_of(environment, "https", "api.example.com", None) == proxy
