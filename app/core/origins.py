"""How hosts and origins are written in the settings: as a browser sends them."""

import re

LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
NAME = rf"{LABEL}(\.{LABEL})*"
IPV6 = r"\[[0-9a-f:.]+\]"
HOST = re.compile(rf"\*|(\*\.)?{NAME}|{IPV6}", re.IGNORECASE)
# A browser writes the host in small letters, and leaves out the port that is usual.
ORIGIN = re.compile(
    rf"\*|(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://({NAME}|{IPV6})(:[0-9]+)?"
)


def check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what no Host header can match, and that nothing is to be answered."""
    if not hosts or not all(map(HOST.fullmatch, hosts)):
        raise ValueError("must be names, as api.example.com, without scheme or port")
    return hosts


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what no Origin header can be."""
    if not all(map(ORIGIN.fullmatch, origins)):
        raise ValueError("must be origins, as https://app.example.com, without path")
    return origins
