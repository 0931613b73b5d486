"""Cells of a CSV file: how values are written, and texts kept from being formulas."""

from enum import Enum
from typing import Any

import orjson

# A spreadsheet takes a text for a formula that begins with one of these. The apostrophe
# is one of them so that exactly one can be taken away again.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
FLAGS = {True: "true", False: "false"}


def write_cell(value: Any, is_text: bool) -> str:
    """Return the cell of a value of JSON. NULL is an empty cell, as an empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if is_text and value.startswith(FORMULA) else value
    if isinstance(value, bool):
        return FLAGS[value]
    return orjson.dumps(value).decode()


def read_cell(cell: str) -> str:
    """Return the text of a cell, without the apostrophe that keeps it a text."""
    return cell.removeprefix("'")


def is_text(value: Any) -> bool:
    """Return whether a value is a text, which may begin with any character."""
    return isinstance(value, str) and not isinstance(value, Enum)
