"""IP addresses as text: their canonical form, network and trust."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

from app.core.startup.origins import UNIX_SOCKET

UNKNOWN_IP = "unknown"
IPV6_PREFIX = 64  # bits; a provider gives each customer all addresses that share them
# Of IPv4 clients behind a translator (RFC 6052): they share the bits, and no customer.
TRANSLATED = ip_network("64:ff9b::/96")
# Some proxies append the port: 192.0.2.1:80, [2001:db8::1]:443, [2001:db8::1].
WITH_PORT = re.compile(r"(?:\[([^\]]+)\]|([0-9.]+))(?::[0-9]{1,5})?")


# Cached because every request calls it, mostly with recently seen addresses.
@lru_cache(1_000)
def canonical_ip(text: str) -> str:
    if match := WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN_IP
    # An IPv4 client looks the same when it connects over IPv6.
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(1_000)
def network_of(ip: str) -> str:
    """Return the network of an IPv6 address, and that of an IPv4 client as it is."""
    address = ip_address(ip)
    if address.version == 4 or address in TRANSLATED:
        return ip
    return str(ip_network((ip, IPV6_PREFIX), strict=False))


@lru_cache(1_000)
def is_trusted_proxy(address: str, networks: tuple[str, ...]) -> bool:
    if address == UNKNOWN_IP:
        return False
    return any(
        ip_address(address) in ip_network(network)
        for network in networks
        if network != UNIX_SOCKET
    )
