"""Items of a bulk request, validated, and the batches in which they are done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from app.collections.bulk.collection_schemas import BulkSchemas
from app.core.db.records.statements import MANY
from app.core.exceptions import AppException, ValidationFailedException
from app.core.schemas import Body

INVALID = "invalid"
OPS = "Input should be 'create', 'update' or 'delete'"
UNKNOWN_OP = {"loc": ("op",), "type": "literal_error", "msg": OPS}


@dataclass(frozen=True)
class Step:
    """One item. If it is not valid, `op` is INVALID, and `error` says why."""

    op: str
    id: UUID | None = None
    if_match: str | None = None
    data: Body | None = None
    error: AppException | None = None


def step_of(item: Any, schemas: BulkSchemas) -> Step:
    op = item.get("op") if isinstance(item, dict) else None
    schema = schemas.items.get(op) if isinstance(op, str) else None
    if schema is None:
        return Step(INVALID, error=ValidationFailedException([UNKNOWN_OP]))
    try:
        return Step(**dict(schema.model_validate(item)))
    except ValidationError as error:
        errors: Any = error.errors(include_url=False, include_input=False)
        return Step(INVALID, error=ValidationFailedException(errors))


def batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield consecutive steps that may be written together.

    They have one op and different records, so that the order of the writes within a
    batch does not matter.
    """
    batch: list[Step] = []
    ids: set[UUID] = set()
    for step in steps:
        full = len(batch) == MANY or step.id in ids
        if batch and (full or step.op != batch[0].op):
            yield batch
            batch, ids = [], set()
        batch.append(step)
        if step.id:
            ids.add(step.id)
    if batch:
        yield batch
