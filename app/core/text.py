"""Text from outside: one normal form, and no character that lies or breaks things."""

import unicodedata
from typing import Any

FIELDS = 100  # more than any body of ours has; checking 100 000 would take a while
LAYOUT = {"\n", "\r", "\t"}


def clean(data: Any) -> Any:
    """Return JSON data with all its text in NFC.

    PostgreSQL cannot store NUL, SQLite can: it is refused before they disagree, and
    the other control characters with it.

    Raises:
        ValueError: a control character, or more than FIELDS entries.
    """
    if isinstance(data, str):
        return clean_text(data)
    if isinstance(data, dict | list) and len(data) > FIELDS:
        raise ValueError(f"There may be {FIELDS} entries at most")
    if isinstance(data, dict):
        return {clean(key): clean(value) for key, value in data.items()}
    if isinstance(data, list):
        return [clean(value) for value in data]
    return data


def clean_text(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in set(text) - LAYOUT):
        raise ValueError("Text may not contain control characters")
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Refuse what does not show: line breaks, zero-width and bidi characters."""
    if text.isascii() and text.isprintable():
        return text
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") for sign in text):
        raise ValueError("A name is one line of visible characters")
    return text


def email_key(address: str) -> str:
    """Return what all spellings of one address share: case and width do not count."""
    return unicodedata.normalize("NFKC", address).casefold()
