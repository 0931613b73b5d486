"""Parser of the JSON lines of a segment."""

from collections.abc import Callable, Iterable

import orjson

from app.audit.access.access_row import Row
from app.audit.access.repository import Values

INTEGER_BITS = 63  # without the sign
SCALARS = {str, float, bool, type(None)}
ParsedLine = tuple[bytes, Values]  # a line, and its row


def parse_lines(
    lines: Iterable[bytes], convert: Callable[[Row], Values]
) -> tuple[list[ParsedLine], list[bytes]]:
    """Return the rows, each with its line, and the lines that are no rows.

    A process that is killed can leave an incomplete last line.
    """
    rows: list[ParsedLine] = []
    torn = []
    for line in lines:
        try:
            rows.append((line, convert(parse_line(line))))
        except (ValueError, KeyError, TypeError, AttributeError):
            torn.append(line)
    return rows, torn


def parse_line(line: bytes) -> Row:
    """Return the row of a line.

    Raises:
        ValueError: it is not JSON, or has a value that a driver cannot bind.
    """
    row: Row = orjson.loads(line)
    for value in row.values():
        kind = type(value)
        if kind is int:
            if value.bit_length() > INTEGER_BITS:
                raise ValueError("not an integer of 64 bits")
        elif kind not in SCALARS:
            raise ValueError("not a scalar")
    return row
