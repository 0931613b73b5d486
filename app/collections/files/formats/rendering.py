"""A record as it is in a file: the same text for an export and for a comparison."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from app.collections.files.formats.cells import is_text, write_cell
from app.collections.files.formats.media import FileFormat
from app.core.schemas import Read

Values = dict[str, Any]


def json_values(record: Read, **added: Any) -> Values:
    """Return the values as a response has them, and those of added columns."""
    return record.model_dump(mode="json") | added


def cells_of(record: Read, **added: Any) -> Values:
    """Return the cells of the record, by the names of their columns."""
    values = json_values(record, **added)
    return {
        name: write_cell(value, is_text(getattr(record, name, value)))
        for name, value in values.items()
    }


RENDER = {FileFormat.CSV: cells_of, FileFormat.JSONL: json_values}


def write_jsonl(rows: Iterable[Mapping[str, Any]], _: Sequence[str]) -> bytes:
    option = orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(row, option=option) for row in rows)


def write_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([row[name] for name in columns] for row in rows)
    return text.getvalue().encode()


WRITE = {FileFormat.CSV: write_csv, FileFormat.JSONL: write_jsonl}


def write_header(columns: Sequence[str]) -> bytes:
    return write_csv([dict(zip(columns, columns, strict=True))], columns)
