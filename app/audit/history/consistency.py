"""Consistency check: comparison of the records with the replayed change log."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.changes.session import REDACTION_KEY
from app.audit.changes.snapshots import snapshot
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.core.models import Entity

BATCH = 500
State = dict[str, Any]


@dataclass(frozen=True)
class Inconsistency:
    """A difference between a record and its entries in the change log."""

    entity: str
    id: UUID
    problem: str


class ConsistencyCheck:
    """Comparison of an entity's records with the change log, in batches."""

    def __init__(self, session: AsyncSession, model: type[Entity]) -> None:
        self.session, self.model = session, model
        self.table: Table = model.__table__
        self.key: bytes = session.sync_session.info[REDACTION_KEY]
        self.of_entity = CHANGES.c.entity == model.__name__

    async def find_inconsistencies(self) -> AsyncIterator[Inconsistency]:
        async for rows in self.batches():
            logged = await self.replay_changes([row["id"] for row in rows])
            for row in rows:
                state = self.snapshot_of(row)
                for problem in differences(state, logged.get(row["id"])):
                    yield Inconsistency(self.model.__name__, row["id"], problem)
        for id in await self.missing_ids():
            problem = "the record is missing, and the change log has no DELETE for it"
            yield Inconsistency(self.model.__name__, id, problem)

    async def batches(self) -> AsyncIterator[list[Any]]:
        query = select(self.table).order_by(self.table.c.id).limit(BATCH)
        rows = list((await self.session.execute(query)).mappings())
        while rows:
            yield rows
            next_batch = query.where(self.table.c.id > rows[-1]["id"])
            rows = list((await self.session.execute(next_batch)).mappings())

    async def replay_changes(self, ids: list[UUID]) -> dict[UUID, State]:
        """Return the state of each record according to the change log."""
        query = select(CHANGES).where(self.of_entity, CHANGES.c.entity_id.in_(ids))
        ordered = query.order_by(CHANGES.c.entity_id, CHANGES.c.version)
        rows = await self.session.execute(ordered)
        by_record = groupby(rows, key=lambda change: change.entity_id)
        return {id: replay(changes) for id, changes in by_record}

    async def missing_ids(self) -> list[UUID]:
        """Return ids without a row, although their last change is not a DELETE."""
        last = (
            select(CHANGES.c.entity_id, func.max(CHANGES.c.version).label("version"))
            .where(self.of_entity)
            .group_by(CHANGES.c.entity_id)
            .subquery()
        )
        same = (CHANGES.c.entity_id == last.c.entity_id) & (
            CHANGES.c.version == last.c.version
        )
        record = select(self.table.c.id).where(self.table.c.id == last.c.entity_id)
        query = select(last.c.entity_id).join(CHANGES, same & self.of_entity)
        missing = query.where(CHANGES.c.action != Action.DELETE, ~record.exists())
        return list(await self.session.scalars(missing))

    def snapshot_of(self, row: Any) -> State:
        """Return the row's values in the JSON form of the change log."""
        values = snapshot(self.model, row, self.key + row["id"].bytes)
        state: State = from_json(to_json(values))
        return state


def replay(changes: Iterator[Any]) -> State:
    """Return the state after a record's changes; empty if the last one is a DELETE."""
    state: State = {}
    for change in changes:
        before = {} if change.action == Action.INSERT else state
        state = {**before, **(change.new or {}), "version": change.version}
        if change.action == Action.DELETE:
            state = {}
    return state


def differences(row: State, logged: State | None) -> Iterator[str]:
    """Yield a sentence for each difference.

    Columns without a change in the live log are skipped: their changes are archived.
    """
    if not logged:
        yield "the record exists, and the change log has no entry for it"
        return
    for name in logged.keys() & row.keys():
        if logged[name] != row[name]:
            yield f"{name} is {row[name]!r}, but {logged[name]!r} in the change log"
