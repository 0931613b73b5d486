"""Normalization of text in requests, and rejection of unsafe characters."""

import re
import unicodedata
from contextlib import suppress
from typing import Any

from email_validator import EmailNotValidError, validate_email
from idna import valid_contextj

MAX_ENTRIES = 100  # per object or array; no schema needs more
# In a row, as in Unicode's Stream-Safe Text Format: to normalize n of them takes O(n²).
MAX_COMBINING_MARKS = 30
ACE_PREFIX = "xn--"  # of a label of a domain in ASCII (Punycode)
ALLOWED_CONTROLS = {"\n", "\r", "\t"}
INVISIBLE = ("Cc", "Cf", "Zl", "Zp")  # categories of Unicode
JOINERS = "\u200c\u200d"
EMOJI = ("So", "Sk")  # with tones of skin
EMOJI_STYLE = "\ufe0f"


def clean(data: Any) -> Any:
    """Return JSON data with all strings in Unicode normal form C.

    Reject control characters: SQLite stores NUL, PostgreSQL cannot.

    Raises:
        ValueError: a control character, a surrogate, more than MAX_ENTRIES entries
            or more than MAX_COMBINING_MARKS marks in a row.
    """
    if isinstance(data, str):
        return clean_text(data)
    if isinstance(data, dict | list) and len(data) > MAX_ENTRIES:
        raise ValueError(f"Object or array has more than {MAX_ENTRIES} entries")
    if isinstance(data, dict):
        return {clean(key): clean(value) for key, value in data.items()}
    if isinstance(data, list):
        return [clean(value) for value in data]
    return data


def clean_text(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    categories = {
        char: unicodedata.category(char) for char in set(text) - ALLOWED_CONTROLS
    }
    if not {"Cc", "Cs"}.isdisjoint(categories.values()):
        raise ValueError("Text must not contain control characters")
    marks = "".join(
        char for char, category in categories.items() if category.startswith("M")
    )
    if marks and re.search(f"[{marks}]{{{MAX_COMBINING_MARKS + 1}}}", text):
        raise ValueError(
            f"Text has more than {MAX_COMBINING_MARKS} combining marks in a row"
        )
    return unicodedata.normalize("NFC", text)


def check_single_line(text: str) -> str:
    """Reject line breaks, and control and format characters (zero-width, bidi).

    Joiners are allowed where they shape the text, as in Persian and Sinhala names.
    """
    if text.isascii() and text.isprintable():
        return text
    if any(
        unicodedata.category(char) in INVISIBLE and not is_joiner(text, place)
        for place, char in enumerate(text)
    ):
        raise ValueError("Text must be one line of visible characters")
    return text


def is_joiner(text: str, place: int) -> bool:
    """Return whether a joiner is at this place, between letters or emoji that it joins.

    For letters by RFC 5892, A.1 and A.2, as in names of domains.
    """
    if text[place] not in JOINERS or not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place + 1 : place + 2]
    joins_emoji = after and unicodedata.category(after) == "So"
    is_emoji = before == EMOJI_STYLE or unicodedata.category(before) in EMOJI
    return bool(joins_emoji and is_emoji) or valid_contextj(text, place)


def fold(text: str) -> str:
    """Return the text without differences of case, accents and width.

    It is equal on all databases, whose own functions depend on their locale.
    """
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text)
    return "".join(it for it in letters if not unicodedata.combining(it)).casefold()


def email_key(address: str) -> str:
    """Return the address in NFKC and case-folded, for unique columns and look-ups.

    The domain is in Unicode, as `fields.Email` returns it, however it was typed.
    """
    if not address.isascii() or ACE_PREFIX in address.lower():
        with suppress(EmailNotValidError):
            address = validate_email(address, check_deliverability=False).normalized
    for _ in range(2):  # a folded letter can compose with the mark that follows
        address = unicodedata.normalize("NFKC", address).casefold()
    return address


def printable(text: str) -> str:
    """Return a text of unknown origin on one line, with ASCII escapes if need be."""
    return text if text.isprintable() else ascii(text)[1:-1]


def is_utf8(text: str) -> bool:
    """Return whether a text can be encoded: it has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
