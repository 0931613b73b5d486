"""Where a request comes from, when proxies stand in between."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Client:
    """From where, and with what, somebody signs in."""

    ip: str
    user_agent: str | None


def client_ip(request: HTTPConnection) -> str:
    """Return the nearest address that is not one of our own proxies.

    X-Forwarded-For is read from the right, one hop for each proxy that we trust: what
    stands further to the left is what somebody claims.
    """
    address = canonical(request.client.host if request.client else "")
    proxies: tuple[str, ...] = request.app.state.settings.TRUSTED_PROXIES
    if not is_trusted(address, proxies):
        return address
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while hops and is_trusted(address, proxies):
        hop = canonical(hops.pop().strip())
        if hop == UNKNOWN:
            break
        address = hop
    return address


# Every request asks, and most come from where the last ones came from.
@lru_cache(1_000)
def canonical(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    # One host has one spelling, whichever family it came by.
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(1_000)
def is_trusted(address: str, networks: tuple[str, ...]) -> bool:
    if address == UNKNOWN:
        return False
    return any(ip_address(address) in ip_network(network) for network in networks)
