"""What comes from outside, made fit to keep: in one line, cut, without its secrets."""

import re
from urllib.parse import quote, unquote_plus

MASK = "***"
# Parts of names, so it masks rather more than it must: `keyword` too, and `postcode`.
SECRET = re.compile(
    "token|passw|pwd|secret|key|code|auth|credential|session|signature|assertion|jwt",
    re.IGNORECASE,
)


def one_line(text: str, most: int) -> str:
    """Cut text, and write what does not show, line breaks too, as URLs do: %0A."""
    text = text[:most]
    if text.isprintable():
        return text
    return "".join(map(visible, text))[:most]


def visible(sign: str) -> str:
    return sign if sign.isprintable() else quote(sign, errors="replace")


def masked(query: str) -> str:
    """Hide the values of those parameters of a query whose names sound secret."""
    if "%" not in query and not SECRET.search(query):
        return query
    return "&".join(map(masked_pair, query.split("&")))


def masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    hide = value and SECRET.search(unquote_plus(name))
    return f"{name}{equals}{MASK if hide else value}"
