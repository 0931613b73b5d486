"""Query parameters of an import, and its report."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from app.collections.files.formats.errors import RowError
from app.core.fields import QueryBool
from app.core.schemas import Strict

MAX_SHOWN = 100


class ImportQuery(Strict):
    dry_run: QueryBool = Field(
        False, description="Whether to report what would change, and change nothing."
    )
    key: Annotated[str, StringConstraints(min_length=1, max_length=63)] | None = Field(
        None,
        description="A unique field by which rows find their records, such as `sku`. "
        "Without it, the column `id` does; a row without an id is a new record.",
    )
    atomic: QueryBool = Field(
        True,
        description="Whether to import all rows or none, up to 2 000. With `false`, "
        "batches are committed one by one; sent again, the import goes on.",
    )


class ImportReport(BaseModel):
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ignored: list[str] = Field(
        [], description="Columns of the file that are read-only, and were not imported."
    )
    errors: list[RowError] = Field([], description=f"The first {MAX_SHOWN} errors.")
    error_count: int = 0

    def add_errors(self, errors: Sequence[RowError]) -> None:
        self.errors += errors[: MAX_SHOWN - len(self.errors)]
        self.error_count += len(errors)

    def add(self, other: "ImportReport") -> None:
        """Add what another part of the import has done."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        hidden = other.error_count - len(other.errors)
        self.add_errors(other.errors)
        self.error_count += hidden
