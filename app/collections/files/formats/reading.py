"""Rows of a file, read one by one: neither the file nor a line is ever in memory whole.

A row of CSV has texts of cells; a row of JSON lines has values.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from pydantic_core import from_json

from app.collections.files.formats.errors import BrokenFileError
from app.collections.files.formats.media import FileFormat

MAX_LINE = 1_048_576  # bytes
MAX_LINES = 50_000  # of one row, in its cells; one with more has an open quote
MAX_COLUMNS = 200
MAX_NAME = 63
BOM = "\ufeff"
OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
SAVE = "save the file as “CSV UTF-8”"
NOT_UTF8 = f"is not in UTF-8: {SAVE}"
NOT_CSV = f"is no CSV: check its quotes and line ends, or {SAVE}"


@dataclass(frozen=True)
class FileRow:
    """A row of a file: its number, and its values by column."""

    number: int
    values: Mapping[str, Any]


def read_texts(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, decoded, and without a byte order mark.

    Raises:
        BrokenFileError: a line is too long, or not in UTF-8.
    """
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            message = f"Line {number} is longer than {MAX_LINE} bytes"
            raise BrokenFileError(number, "line_too_long", message)
        if line.startswith(OTHER_ENCODINGS) and number == 1:
            raise BrokenFileError(1, "not_utf8", f"The file {NOT_UTF8}")
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            message = f"Line {number} {NOT_UTF8}"
            raise BrokenFileError(number, "not_utf8", message) from error
        yield number, text.removeprefix(BOM) if number == 1 else text


class RowLimit:
    """The number of lines that a row of a CSV file may still have."""

    left = MAX_LINES

    def check(self, texts: Iterator[tuple[int, str]]) -> Iterator[str]:
        for _, text in texts:
            self.left -= 1
            if self.left < 0:
                raise csv.Error("The row has too many lines")
            yield text


def read_csv(file: IO[bytes]) -> Iterator[FileRow | None]:
    """Yield the rows of a CSV file (RFC 4180) after its header, None for an empty line.

    Raises:
        BrokenFileError: the file is no CSV file, or a row has too few or many cells.
    """
    rows = enumerate(read_cells(file), start=1)
    _, names = next(rows, (1, []))
    header = check_header(names)
    for number, cells in rows:
        yield csv_row(number, cells, header)


def read_cells(file: IO[bytes]) -> Iterator[list[str]]:
    limit, number = RowLimit(), 1
    try:
        for cells in csv.reader(limit.check(read_texts(file)), strict=True):
            yield cells
            limit.left, number = MAX_LINES, number + 1
    except csv.Error as error:
        message = f"Row {number} {NOT_CSV}"
        raise BrokenFileError(number, "not_csv", message) from error


def check_header(cells: list[str]) -> list[str]:
    if not cells:
        raise BrokenFileError(1, "no_header", "The file has no header")
    check_width(1, len(cells))
    names = [cell.strip() for cell in cells]
    if len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
        message = "The columns must be separated by commas"
        raise BrokenFileError(1, "not_csv", message)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        shown = ", ".join(name[:MAX_NAME] for name in twice[:3] if name)
        message = f"Each column needs a name of its own{shown and ': ' + shown}"
        raise BrokenFileError(1, "invalid_header", message)
    return names


def check_width(number: int, width: int) -> None:
    if width > MAX_COLUMNS:
        message = f"Row {number} has {width} columns; the limit is {MAX_COLUMNS}"
        raise BrokenFileError(number, "too_many_columns", message)


def csv_row(number: int, cells: list[str], header: list[str]) -> FileRow | None:
    if not cells:
        return None
    if len(cells) != len(header):
        message = f"Row {number} has {len(cells)} cells; the header has {len(header)}"
        raise BrokenFileError(number, "wrong_number_of_cells", message)
    return FileRow(number, dict(zip(header, cells, strict=True)))


def read_jsonl(file: IO[bytes]) -> Iterator[FileRow | None]:
    """Yield the objects of a file that has one in each line, None for an empty line.

    Raises:
        BrokenFileError: a line is no object of JSON.
    """
    for number, text in read_texts(file):
        if not text.strip():
            yield None
            continue
        try:
            values = from_json(text, allow_inf_nan=False)
        except ValueError as error:
            message = f"Line {number} is no JSON"
            raise BrokenFileError(number, "not_json", message) from error
        if not isinstance(values, dict):
            message = f"Line {number} is no JSON object"
            raise BrokenFileError(number, "not_json", message)
        check_width(number, len(values))
        yield FileRow(number, values)


READERS: Mapping[FileFormat, Callable[[IO[bytes]], Iterator[FileRow | None]]] = {
    FileFormat.CSV: read_csv,
    FileFormat.JSONL: read_jsonl,
}
