"""The address of the server in the settings."""

import re
import socket
from ipaddress import ip_address

from app.core.startup.origins import LABEL

MAX_PORT = 65_535
# The last label of a name has a letter; that of an incomplete IPv4 address has none.
HOST_NAME = re.compile(rf"({LABEL}\.)*(?=[0-9_-]*[a-z]){LABEL}", re.IGNORECASE)


def check_listen_address(host: str) -> str:
    """Reject what is neither an IP address nor a host name."""
    try:
        ip_address(host)
    except ValueError:
        if not HOST_NAME.fullmatch(host):
            raise ValueError(
                "must be an IP address or a host name, without scheme or port"
            ) from None
    return host


def check_metrics_address(address: str) -> str:
    """Accept HOST:PORT, with an IPv6 address in brackets, or nothing."""
    if address:
        host, port = split_address(address)
        check_listen_address(host)
        if not 1 <= port <= MAX_PORT:
            raise ValueError(f"must end in a port from 1 to {MAX_PORT}")
    return address


def split_address(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isascii() or not port.isdecimal():
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:9100")
    return host.removeprefix("[").removesuffix("]"), int(port)


def check_free(host: str, port: int) -> None:
    """Check that this machine can listen there.

    Raises:
        OSError: the name is unknown, the address is another machine's, or in use.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
