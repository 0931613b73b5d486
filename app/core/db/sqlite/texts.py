"""Texts of SQLite, which may be no UTF-8: it does not check what it stores."""

import sqlite3


def decode_text(stored: bytes) -> str:
    """Return a text; of one that is not UTF-8, each wrong byte is a surrogate.

    The default refuses such a text: one value would make a whole table unreadable.
    """
    return stored.decode("utf-8", "surrogateescape")


def is_undecodable(error: sqlite3.Error) -> bool:
    """Return whether a text was refused by the default."""
    return "decode to UTF-8" in str(error)
