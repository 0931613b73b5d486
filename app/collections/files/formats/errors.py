"""Errors in the rows of a file, and of a file that can't be read any further."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Field

from app.core.problem import message_of


class RowError(BaseModel):
    """An error in one row of a file."""

    row: int = Field(
        description="Its number as a spreadsheet shows it: the header of a CSV file is "
        "row 1. In JSON lines, the number of the line."
    )
    column: str | None = Field(description="Null if the whole row is concerned.")
    code: str
    message: str


class BrokenFileError(Exception):
    """The file can't be read from this row on."""

    def __init__(self, row: int, code: str, message: str) -> None:
        super().__init__(message)
        self.error = RowError(row=row, column=None, code=code, message=message)


class RowFault(Exception):  # it has one or more errors
    """The row can't be imported."""

    def __init__(self, errors: Iterable[tuple[str | None, str, str]]) -> None:
        super().__init__("The row is not valid")
        self.errors = [*errors]

    def of_row(self, row: int) -> list[RowError]:
        return [
            RowError(row=row, column=column, code=code, message=message)
            for column, code, message in self.errors
        ]

    @classmethod
    def of_fields(cls, errors: Iterable[Mapping[str, Any]]) -> "RowFault":
        """Return the fault of errors with `loc`, as those of a request's body."""
        return cls((field_of(it["loc"]), it["type"], message_of(it)) for it in errors)


def field_of(loc: Iterable[str | int]) -> str | None:
    names = [part for part in loc if part != "body"]
    return str(names[0])[:63] if names else None
