"""Sanitizing of client input for the log: truncated, printable, secrets masked."""

import re
from urllib.parse import quote, unquote_plus

MASK = "***"
# Matches parts of names, and so also harmless ones such as `keyword` and `postcode`.
SECRET = re.compile(
    "token|passw|pwd|secret|key|code|auth|credential|session|signature|assertion|jwt",
    re.IGNORECASE,
)


def printable(text: str, max_length: int) -> str:
    """Truncate text, and percent-encode its unprintable characters and line breaks."""
    text = text[:max_length]
    if text.isprintable():
        return text
    return "".join(map(printable_character, text))[:max_length]


def printable_character(character: str) -> str:
    return character if character.isprintable() else quote(character, errors="replace")


def mask_query(query: str) -> str:
    """Mask the values of query parameters whose names match SECRET."""
    if "%" not in query and not SECRET.search(query):
        return query
    return "&".join(map(mask_pair, query.split("&")))


def mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    is_secret = value and SECRET.search(unquote_plus(name))
    return f"{name}{equals}{MASK if is_secret else value}"
