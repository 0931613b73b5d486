"""Steps: the writes of one collection, and the batches in which they are done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.core.db.records.statements import MANY
from app.core.exceptions import AppException
from app.core.schemas import Body

INVALID = "invalid"


@dataclass(frozen=True)
class Step:
    """One write. If it is not valid, `op` is INVALID, and `error` says why."""

    op: str
    id: UUID | None = None
    if_match: str | None = None
    data: Body | None = None
    error: AppException | None = None


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
