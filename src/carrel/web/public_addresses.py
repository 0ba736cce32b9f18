"""Decides which IP addresses are public."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
# Versions of the standard library call these global.
_NOT_PUBLIC = (
    ipaddress.ip_network("100.64.0.0/10"),  # carriers; cloud metadata at 100.100.100.200
    ipaddress.ip_network("168.63.129.16/32"),  # the virtual machine's host at Azure
    ipaddress.ip_network("192.0.0.0/24"),  # protocol assignments; cloud metadata
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.ip_network("2001::/23"),  # protocol assignments, with Teredo
    ipaddress.ip_network("3fff::/20"),  # documentation
)


def is_public(text: str) -> bool:
    """Whether a resolved address is a public unicast one.

    IPv6 addresses that embed an IPv4 address (mapped, NAT64, 6to4) are as public as that one.
    Anything that is not an address, or is bound to a network interface, is not public.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        embedded = _embedded(address)
        if embedded is None and address not in _GLOBAL_UNICAST:
            return False
        address = embedded or address
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NOT_PUBLIC)
    )


def _embedded(address: ipaddress.IPv6Address) -> IPAddress | None:
    """Return the IPv4 address that is embedded in this one."""
    if address in _MAPPED or address in _TRANSLATED:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.sixtofour
