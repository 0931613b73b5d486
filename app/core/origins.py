"""Validation of the hosts and origins in the settings."""

import re

LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
NAME = rf"{LABEL}(\.{LABEL})*"
IPV6 = r"\[[0-9a-f:.]+\]"
HOST = re.compile(rf"\*|(\*\.)?{NAME}|{IPV6}", re.IGNORECASE)
# A browser sends the host in lower case, and omits the scheme's default port.
ORIGIN = re.compile(
    rf"\*|(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://({NAME}|{IPV6})(:[0-9]+)?"
)


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
