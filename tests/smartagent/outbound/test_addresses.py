"""Which addresses may be reached."""

from ipaddress import ip_address

import pytest

from smartagent.outbound.addresses import is_allowed, resolve
from smartagent.outbound.errors import AddressRefused, Unreachable


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)  # fmt: skip
def test_what_is_public_may_be_reached(address):
    assert is_allowed(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::1", "198.18.0.1", "240.0.0.1",
     "::7f00:1", "::a00:1", "::ffff:0:7f00:1", "::ffff:0:a00:1", "64:ff9b:1::7f00:1", "fec0::1", "fe80::1%1", "3fff::1",
     "5f00::1", "2001:db8::1", "192.88.99.1", "192.0.0.170", "2001:0:7f00:1::", "100::1"],
)  # fmt: skip
def test_what_is_not_public_is_refused(address):
    assert not is_allowed(ip_address(address))


def test_an_administrator_may_allow_networks(settings):
    settings.OUTBOUND_ALLOWED = ["10.0.0.0/8", "192.168.1.7"]
    allowed = ["10.1.2.3", "::ffff:10.1.2.3", "192.168.1.7"]
    assert [is_allowed(ip_address(one)) for one in [*allowed, "192.168.1.8", "127.0.0.1"]] == [True] * 3 + [False] * 2


def test_a_network_that_is_allowed_opens_no_other(settings):
    """Teredo carries two addresses: of a server, and of who is behind it."""
    settings.OUTBOUND_ALLOWED = ["10.0.0.0/8"]
    behind = int(ip_address("127.0.0.1")) ^ 0xFFFFFFFF
    address = (0x20010000 << 96) | (int(ip_address("10.0.0.1")) << 64) | behind
    assert not is_allowed(ip_address(address))


def test_a_name_is_judged_by_its_addresses():
    with pytest.raises(AddressRefused, match=r"localhost is .*a private network.*OUTBOUND_ALLOWED"):
        resolve("localhost", 80, 5)


def test_a_name_that_nobody_has_is_told():
    with pytest.raises(Unreachable, match="could not be looked up"):
        resolve("nobody.invalid", 80, 5)
