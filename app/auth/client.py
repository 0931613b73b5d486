"""Client address and user agent of a request, with support for trusted proxies."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import structlog
from starlette.requests import HTTPConnection

from app.auth.ip_addresses import (
    UNKNOWN_IP,
    canonical_ip,
    is_trusted_proxy,
    network_of,
)
from app.core.startup.origins import UNIX_SOCKET

IP = "app.client_ip"  # in the scope of a request
# Characters of X-Forwarded-For, from the right: twenty proxies of our own, at least.
MAX_FORWARDED = 1_000

logger = structlog.get_logger()
reported: set[str] = set()  # addresses of proxies that a warning has named


class Address(NamedTuple):
    """The address found for a client. If not exact, several clients share it."""

    ip: str
    is_exact: bool


@dataclass(frozen=True)
class Client:
    """The client of a login: `user_agent` is cut to 255 characters.

    `network` is what the login throttle counts as one client. None if the address could
    not be read, so that all clients of a misconfigured proxy would be counted as one.
    """

    ip: str
    user_agent: str | None
    network: str | None


def read_client(request: HTTPConnection) -> Client:
    """Return the client. Log once for each proxy if its clients have no address."""
    ip, is_exact = read_address(request)
    agent = request.headers.get("user-agent")
    if not is_exact and ip not in reported:
        reported.add(ip)
        forwarded = request.headers.get("x-forwarded-for", "")[:100]
        logger.warning("client_address_unreadable", ip=ip, forwarded_for=forwarded)
    return Client(ip, agent and agent[:255], network_of(ip) if is_exact else None)


def client_ip(request: HTTPConnection) -> str:
    """Return the address, which is read once: both logs contain it."""
    if (found := request.scope.get(IP)) is None:
        found = request.scope[IP] = read_address(request).ip
    ip: str = found
    return ip


def read_address(request: HTTPConnection) -> Address:
    """Return the nearest address outside `TRUSTED_PROXIES`, or "unknown"."""
    peer = request.scope.get("client")
    lines = [
        value for name, value in request.scope["headers"] if name == b"x-forwarded-for"
    ]
    proxies: tuple[str, ...] = request.app.state.settings.TRUSTED_PROXIES
    forwarded = b",".join(lines)
    if len(forwarded) > MAX_FORWARDED:  # the first hop may be cut in two
        forwarded = forwarded[-MAX_FORWARDED:].partition(b",")[2]
    return find_address(peer and peer[0], forwarded.decode("latin-1"), proxies)


# Cached because every request calls it, mostly of recently seen clients.
@lru_cache(1_000)
def find_address(peer: str | None, forwarded: str, proxies: tuple[str, ...]) -> Address:
    """Return the address, given that of the peer and X-Forwarded-For.

    Read that from the right, one hop for each trusted proxy: the client controls
    everything to the left of that.
    """
    address = canonical_ip(peer or "")
    # A peer without an address has connected to a Unix socket.
    is_proxy = peer is None and UNIX_SOCKET in proxies
    if not is_proxy and not is_trusted_proxy(address, proxies):
        return Address(address, address != UNKNOWN_IP)
    hops = forwarded.split(",") if forwarded else []
    is_exact = bool(hops)
    while hops and (is_proxy or is_trusted_proxy(address, proxies)):
        hop = canonical_ip(hops.pop().strip())
        if hop == UNKNOWN_IP:
            return Address(address, is_exact=False)
        address, is_proxy = hop, False
    return Address(address, is_exact)
