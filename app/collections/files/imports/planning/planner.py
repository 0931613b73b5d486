"""Plans of batches: finds the records of rows, and what the database would refuse."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError, create_model

from app.collections.files.formats.errors import RowFault
from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.reading import FileRow
from app.collections.files.formats.values import parse_cell
from app.collections.files.imports.planning.constraints import ConstraintCheck
from app.collections.files.imports.planning.repository import ImportRepository
from app.collections.files.imports.planning.steps import EMPTY, Plan, StepMaker
from app.collections.files.imports.planning.target import Target
from app.core.db.driver.compiled import Row
from app.core.problem import message_of
from app.core.repository import BaseRepository
from app.core.schemas import Body

ID: TypeAdapter[UUID] = TypeAdapter(UUID)
TWICE = "An earlier row has the same"


class Planner:
    """Maker of plans for the batches of one file.

    `seen` are the unique values of the rows before, of which some may be forgotten.
    """

    def __init__(self, target: Target, kind: FileFormat) -> None:
        self.target = target
        self.maker = StepMaker(target, kind)
        self.read_key = self.key_reader(kind)
        self.seen: set[tuple[str, Any]] = set()

    def key_reader(self, kind: FileFormat) -> Callable[[Any], Any]:
        """Return the function that validates the value by which a row is matched."""
        if (name := self.target.key) is None:
            return ID.validate_python
        field = self.target.resource.create.model_fields[name]
        definition: Any = (field.annotation, field)
        schema = create_model("Key", __base__=Body, key=definition)

        def read(value: Any) -> Any:
            parsed = parse_cell(value, field) if kind is FileFormat.CSV else value
            data: Any = schema.model_validate({"key": parsed})
            return self.target.stored(name, data.key)

        return read

    async def plan(
        self, repository: BaseRepository[Any], rows: Sequence[FileRow]
    ) -> Plan:
        plan, stored = Plan(), ImportRepository(repository)
        keyed = [*self.keys(rows, plan)]
        wanted = {key for _, key in keyed if key is not None}
        records = await stored.find(self.target.key_column, wanted)
        for row, key in keyed:
            self.add_step(plan, row, records.get(key))
        for step, fault in await ConstraintCheck(self.target, stored).faults(
            plan.steps
        ):
            plan.refuse(step, fault)
        return plan

    def add_step(self, plan: Plan, row: FileRow, record: Row | None) -> None:
        try:
            step = self.maker.step(row, record)
        except RowFault as fault:
            plan.errors += fault.of_row(row.number)
        else:
            plan.add(step)

    def keys(
        self, rows: Sequence[FileRow], plan: Plan
    ) -> Iterator[tuple[FileRow, Any]]:
        """Yield the rows with the values by which they are matched, None for none."""
        column = self.target.key or "id"
        for row in rows:
            value = row.values.get(column)
            try:
                key = None if value in EMPTY else self.read_key(value)
                self.see(column, key)
            except RowFault as fault:
                plan.errors += fault.of_row(row.number)
            except ValidationError as error:
                message = message_of(error.errors(include_url=False)[0])
                wrong = RowFault([(column, "invalid_key", message)])
                plan.errors += wrong.of_row(row.number)
            else:
                yield row, key

    def see(self, field: str, value: Any) -> None:
        if value is not None and (field, value) in self.seen:
            raise RowFault([(field, "repeated", f"{TWICE} {field}")])
        self.seen.add((field, value))
