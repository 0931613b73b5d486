"""Lines of an export: OCSF, JSON lines or CSV."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from pydantic_core import to_json

from app.audit.archive.canonical import Row
from app.audit.archive.logs import CHANGES, Log
from app.audit.ocsf.render import render
from app.audit.schemas import AccessRead, ChangeRead
from app.audit.shown.rows import shown_rows
from app.collections.files.formats.cells import write_cell
from app.collections.files.formats.rendering import write_csv, write_header


class Format(StrEnum):
    OCSF = "ocsf"
    JSONL = "jsonl"
    CSV = "csv"


Entry = ChangeRead | AccessRead


def model_of(log: Log) -> type[Entry]:
    return ChangeRead if log is CHANGES else AccessRead


def entries_of(log: Log, rows: list[Row]) -> list[Any]:
    """Return the rows as the API shows them, and what of a row cannot be shown."""
    return shown_rows(model_of(log), rows)


def write_ocsf(_: Log, entries: Iterable[Entry]) -> bytes:
    return b"".join(render(entry) + b"\n" for entry in entries)


def write_lines(log: Log, entries: Iterable[Entry]) -> bytes:
    lines = ({"log": log.name, **entry.model_dump()} for entry in entries)
    return b"".join(to_json(line, inf_nan_mode="null") + b"\n" for line in lines)


def write_table(log: Log, entries: Iterable[Entry]) -> bytes:
    return write_csv(map(cells_of, entries), [*model_of(log).model_fields])


def cells_of(entry: Entry) -> dict[str, str]:
    values = entry.model_dump(mode="json") | {"unreadable": entry.unreadable or None}
    return {name: cell_of(value) for name, value in values.items()}


def cell_of(value: Any) -> str:
    """Return a cell. Documents are JSON, with integers of any size."""
    if isinstance(value, dict | list):
        value = to_json(value, inf_nan_mode="null").decode()
    return write_cell(value, isinstance(value, str))


def header_of(log: Log) -> bytes:
    return write_header([*model_of(log).model_fields])


WRITE: dict[Format, Callable[[Log, Iterable[Entry]], bytes]] = {
    Format.OCSF: write_ocsf,
    Format.JSONL: write_lines,
    Format.CSV: write_table,
}
