"""Which network addresses a fetch may connect to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

Resolver = Callable[[str, int], Sequence[str]]
"""``(host, port)`` -> IP addresses, best first. Raises ``OSError`` where there are none."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Addresses as the operating system resolves them, within its own time limit."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether the address lies in the public internet.

    False for loopback, private, link-local, shared, multicast, reserved and documentation ranges, for IPv6 forms
    that carry such an IPv4 address, and for anything that is no address.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not (ip.is_multicast or ip.is_reserved)
    carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.sixtofour
    if carried is not None:
        return is_public(str(carried))
    return ip in _GLOBAL_UNICAST and ip.is_global
