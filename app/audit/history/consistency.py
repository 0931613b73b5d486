"""Does the log tell the truth? Replays all changes, and compares with what is there."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.changes.session import KEY
from app.audit.changes.snapshots import snapshot
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.core.models import Entity

BATCH = 500
State = dict[str, Any]


@dataclass(frozen=True)
class Inconsistency:
    """A record about which the log and the database do not agree."""

    entity: str
    id: UUID
    problem: str


class ConsistencyCheck:
    """Compares one entity's records with its history, in bounded memory."""

    def __init__(self, session: AsyncSession, model: type[Entity]) -> None:
        self.session, self.model = session, model
        self.table: Table = model.__table__
        self.key: bytes = session.sync_session.info[KEY]
        self.own = CHANGES.c.entity == model.__name__

    async def faults(self) -> AsyncIterator[Inconsistency]:
        async for rows in self.batches():
            told = await self.replayed([row["id"] for row in rows])
            for row in rows:
                for problem in differences(self.shown(row), told.get(row["id"])):
                    yield Inconsistency(self.model.__name__, row["id"], problem)
        for id in await self.lost():
            problem = "it is gone, and the log does not say so"
            yield Inconsistency(self.model.__name__, id, problem)

    async def batches(self) -> AsyncIterator[list[Any]]:
        query = select(self.table).order_by(self.table.c.id).limit(BATCH)
        rows = list((await self.session.execute(query)).mappings())
        while rows:
            yield rows
            following = query.where(self.table.c.id > rows[-1]["id"])
            rows = list((await self.session.execute(following)).mappings())

    async def replayed(self, ids: list[UUID]) -> dict[UUID, State]:
        """Return what the log says of these records, from first change to last."""
        query = select(CHANGES).where(self.own, CHANGES.c.entity_id.in_(ids))
        ordered = query.order_by(CHANGES.c.entity_id, CHANGES.c.version)
        changes = await self.session.execute(ordered)
        stories = groupby(changes, key=lambda change: change.entity_id)
        return {id: replay(story) for id, story in stories}

    async def lost(self) -> list[UUID]:
        """Return who is not there, though the last that was heard is no deletion."""
        last = (
            select(CHANGES.c.entity_id, func.max(CHANGES.c.version).label("version"))
            .where(self.own)
            .group_by(CHANGES.c.entity_id)
            .subquery()
        )
        same = (CHANGES.c.entity_id == last.c.entity_id) & (
            CHANGES.c.version == last.c.version
        )
        there = select(self.table.c.id).where(self.table.c.id == last.c.entity_id)
        query = select(last.c.entity_id).join(CHANGES, same & self.own)
        gone = query.where(CHANGES.c.action != Action.DELETE, ~there.exists())
        return list(await self.session.scalars(gone))

    def shown(self, row: Any) -> State:
        """Return the row as the log would tell it."""
        told = snapshot(self.model, row, self.key + row["id"].bytes)
        state: State = from_json(to_json(told))
        return state


def replay(story: Iterator[Any]) -> State:
    state: State = {}
    for change in story:
        known = {} if change.action == Action.INSERT else state
        state = {**known, **(change.new or {}), "version": change.version}
        if change.action == Action.DELETE:
            state = {}
    return state


def differences(row: State, told: State | None) -> Iterator[str]:
    """Yield what differs. Columns whose history is archived are not compared."""
    if not told:
        yield "it is there, and the log does not know of it"
        return
    for name in told.keys() & row.keys():
        if told[name] != row[name]:
            yield f"{name} is {row[name]!r}, and the log says {told[name]!r}"
