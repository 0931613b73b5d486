"""Client address and user agent of a request, with support for trusted proxies."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection

UNKNOWN_IP = "unknown"


@dataclass(frozen=True)
class Client:
    """The client of a login: `user_agent` is cut to 255 characters."""

    ip: str
    user_agent: str | None


def client_ip(request: HTTPConnection) -> str:
    """Return the nearest address outside `TRUSTED_PROXIES`, or "unknown".

    Read X-Forwarded-For from the right, one hop for each trusted proxy: the client
    controls everything to the left of that.
    """
    address = canonical_ip(request.client.host if request.client else "")
    proxies: tuple[str, ...] = request.app.state.settings.TRUSTED_PROXIES
    if not is_trusted_proxy(address, proxies):
        return address
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while hops and is_trusted_proxy(address, proxies):
        hop = canonical_ip(hops.pop().strip())
        if hop == UNKNOWN_IP:
            break
        address = hop
    return address


# Cached because every request calls it, mostly with recently seen addresses.
@lru_cache(1_000)
def canonical_ip(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN_IP
    # An IPv4 client looks the same when it connects over IPv6.
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(1_000)
def is_trusted_proxy(address: str, networks: tuple[str, ...]) -> bool:
    if address == UNKNOWN_IP:
        return False
    return any(ip_address(address) in ip_network(network) for network in networks)
