"""Steps of an import: the creation of a record, or the update of one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from app.collections.files.formats.errors import RowError, RowFault
from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.reading import FileRow
from app.collections.files.formats.rendering import RENDER
from app.collections.files.formats.values import parse_cells, without_defaults
from app.collections.files.imports.planning.target import Target
from app.core.db.driver.compiled import Row
from app.core.schemas import Body

Values = dict[str, Any]
EMPTY = (None, "")


@dataclass(frozen=True)
class ImportStep:
    """The creation of a record, or the update of the one with this id.

    `version` is the one that the file has, if it has one.
    """

    row: int
    data: Body
    id: UUID | None = None
    version: str | None = None


@dataclass
class Plan:
    """The steps of some rows, and the errors of others."""

    steps: list[ImportStep] = field(default_factory=list)
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)

    def add(self, step: ImportStep | None) -> None:
        if step:
            self.steps.append(step)
        else:
            self.unchanged += 1

    def extend(self, other: "Plan") -> None:
        self.steps += other.steps
        self.unchanged += other.unchanged
        self.errors += other.errors

    def sorted_errors(self) -> list[RowError]:
        return sorted(self.errors, key=lambda error: error.row)

    def refuse(self, step: ImportStep, fault: RowFault) -> None:
        self.errors += fault.of_row(step.row)
        self.steps = [each for each in self.steps if each is not step]


class StepMaker:
    def __init__(self, target: Target, kind: FileFormat) -> None:
        self.target, self.resource = target, target.resource
        self.render, self.is_csv = RENDER[kind], kind is FileFormat.CSV

    def step(self, row: FileRow, record: Row | None) -> ImportStep | None:
        """Return what the row does to its record; None if nothing.

        Raises:
            RowFault: it can't be done.
        """
        if unknown := self.target.unknown(row.values):
            raise RowFault((it[:63], "unknown_column", UNKNOWN) for it in unknown)
        return self.creation(row) if record is None else self.update(row, record)

    def creation(self, row: FileRow) -> ImportStep:
        given = {name: it for name, it in row.values.items() if it not in EMPTY}
        if gone := given.keys() & (
            {"version"} if self.target.key else {"id", "version"}
        ):
            raise RowFault((name, "not_found", GONE) for name in sorted(gone)[:1])
        fields = self.resource.create.model_fields
        if later := self.target.writable.intersection(given) - fields.keys():
            raise RowFault((name, "not_on_create", LATER) for name in sorted(later))
        values = {name: it for name, it in row.values.items() if name in fields}
        if self.is_csv:
            values = without_defaults(values, self.resource.create)
        return ImportStep(row.number, self.validated(values, self.resource.create))

    def update(self, row: FileRow, record: Row) -> ImportStep | None:
        shown = self.render(self.resource.read.model_validate(record))
        news = {
            name: value
            for name, value in row.values.items()
            if name in self.target.writable and not same(value, shown.get(name))
        }
        if fixed := news.keys() - self.resource.update.model_fields.keys():
            raise RowFault((name, "read_only", FIXED) for name in sorted(fixed))
        data = self.validated(news, self.resource.update)
        # A spreadsheet may have written 1.50 as 1.5.
        changes = {k: it for k, it in data.changes().items() if it != record[k]}
        if not changes:
            return None
        version = self.version(row, record)
        kept = {name: news[name] for name in changes}
        data = self.validated(kept, self.resource.update)
        return ImportStep(row.number, data, record["id"], version)

    def version(self, row: FileRow, record: Row) -> str | None:
        given = row.values.get("version")
        if given in EMPTY:
            return None
        if str(given) != str(record["version"]):
            raise RowFault([("version", "version_conflict", CHANGED)])
        return str(given)

    def validated(self, values: Values, schema: type[Body]) -> Body:
        parsed = parse_cells(values, schema) if self.is_csv else values
        try:
            return schema.model_validate(parsed)
        except ValidationError as error:
            raise RowFault.of_fields(error.errors(include_url=False)) from None


def same(given: Any, shown: Any) -> bool:
    return type(given) is type(shown) and bool(given == shown)


UNKNOWN = "There is no such column"
GONE = "There is no such record: leave it empty for a new one"
LATER = "It can't be set on a new record: leave it empty, and import it afterwards"
FIXED = "It can't be changed after the record was created"
CHANGED = "The record has changed since it was exported: export it again"
