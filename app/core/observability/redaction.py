"""Sanitizing of client input for the log: truncated, printable, secrets masked."""

import re
from urllib.parse import quote, unquote_plus

MASK = "***"
# Matches parts of names, and so also harmless ones such as `keyword` and `postcode`.
SECRET = re.compile(
    "token|passw|pwd|secret|key|code|auth|credential|session|signature|assertion|jwt",
    re.IGNORECASE,
)


# Secrets of this application, wherever they are: API keys and password links. What
# precedes the last part is no secret, and names the key.
OWN_SECRET = re.compile(r"(bo_[0-9A-Za-z]{4,8}_)[\w-]+", re.ASCII)


def mask_secrets(text: str) -> str:
    return OWN_SECRET.sub(rf"\1{MASK}", text) if "bo_" in text else text


def mask_bytes(line: bytes) -> bytes:
    return mask_secrets(line.decode()).encode() if b"bo_" in line else line


def printable(text: str, max_length: int) -> str:
    """Truncate text, and percent-encode its unprintable characters and line breaks."""
    text = mask_secrets(text)[:max_length]
    if text.isprintable():
        return text
    return "".join(map(printable_character, text))[:max_length]


def printable_character(character: str) -> str:
    return character if character.isprintable() else quote(character, errors="replace")


def mask_query(query: str) -> str:
    """Mask the values of query parameters whose names match SECRET."""
    query = mask_secrets(query)
    if "%" not in query and not SECRET.search(query):
        return query
    return "&".join(map(mask_pair, query.split("&")))


def mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    is_secret = value and SECRET.search(unquote_plus(name))
    return f"{name}{equals}{MASK if is_secret else value}"
