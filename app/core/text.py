"""Text from outside: one normal form, and no character that lies or breaks things."""

import re
import unicodedata
from typing import Any

FIELDS = 100  # more than any body of ours has; checking 100 000 would take a while
MARKS = 30  # in a row, as in Unicode's stream-safe text: sorting n of them takes n²
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
    kinds = {sign: unicodedata.category(sign) for sign in set(text) - LAYOUT}
    if not {"Cc", "Cs"}.isdisjoint(kinds.values()):
        raise ValueError("Text may not contain control characters")
    marks = "".join(sign for sign, kind in kinds.items() if kind.startswith("M"))
    if marks and re.search(f"[{marks}]{{{MARKS + 1}}}", text):
        raise ValueError(f"Text may have {MARKS} marks on one letter at most")
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Refuse what does not show: line breaks, zero-width and bidi characters."""
    if text.isascii() and text.isprintable():
        return text
    if any(
        unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") for sign in set(text)
    ):
        raise ValueError("A name is one line of visible characters")
    return text


def email_key(address: str) -> str:
    """Return what all spellings of one address share: case and width do not count."""
    return unicodedata.normalize("NFKC", address).casefold()
