"""Which addresses are closed to requests that others chose."""

from ipaddress import ip_address

import pytest

from orchestrator.adapters.ssrf import Guard, resolve

CLOSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1",
]  # fmt: skip
OPEN = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "168.63.129.15", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", CLOSED)
def test_closed(address: str) -> None:
    assert Guard().closed(ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_open(address: str) -> None:
    assert not Guard().closed(ip_address(address))


def test_networks_an_operator_lets_through() -> None:
    guard = Guard(allow=["10.20.0.0/16", "fd12::/16"])
    assert not guard.closed(ip_address("10.20.255.255"))
    assert not guard.closed(ip_address("fd12::1"))
    assert not guard.closed(ip_address("64:ff9b::a14:1"))
    assert guard.closed(ip_address("10.21.0.0"))


async def test_the_systems_resolver_names_each_address_once() -> None:
    found = await resolve("localhost", 80)
    assert "127.0.0.1" in found
    assert len(found) == len(set(found))
