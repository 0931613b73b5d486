"""Validation of the hosts, origins, networks and path prefix in the settings."""

import re
from ipaddress import ip_network

UNIX_SOCKET = "unix:"  # stands for the clients of a Unix socket, as in nginx
LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"  # of a host name
NAME = rf"{LABEL}(\.{LABEL})*"
IPV6 = r"\[[0-9a-f:.]+\]"
HOST = re.compile(rf"\*|(\*\.)?{NAME}|{IPV6}", re.IGNORECASE)
# A browser sends the host in lower case, and omits the scheme's default port.
ORIGIN = re.compile(
    rf"\*|(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://({NAME}|{IPV6})(:[0-9]+)?"
)
# Paths of the application itself, which a prefix must not be mistaken for.
OWN = "api|audit|docs|livez|openapi.json|password|readyz|redoc|static"
ROOT_PATH = re.compile(rf"(/(?!({OWN})(/|$))[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?")


def check_root_path(path: str) -> str:
    """Reject what is neither empty nor a path without a slash at its end."""
    if not ROOT_PATH.fullmatch(path):
        raise ValueError(
            f"must be a path such as /shop, without a slash at its end, and not begin "
            f"with a path of this application ({OWN.replace('|', ', ')})"
        )
    return path


def check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Reject an empty list, and entries that can match no Host header."""
    if not hosts or not all(map(HOST.fullmatch, hosts)):
        raise ValueError(
            "must be host names, such as api.example.com, without scheme or port"
        )
    return hosts


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Reject entries that can equal no Origin header."""
    if not all(map(ORIGIN.fullmatch, origins)):
        raise ValueError(
            "must be origins, such as https://app.example.com, without path"
        )
    return origins


def check_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks as `ipaddress` spells them."""
    try:
        return tuple(
            network if network == UNIX_SOCKET else str(ip_network(network))
            for network in networks
        )
    except ValueError:
        raise ValueError("must be IP addresses, networks (CIDR) or unix:") from None
