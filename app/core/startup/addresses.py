"""The address of the server in the settings."""

import re
import socket
from ipaddress import ip_address

LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
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
