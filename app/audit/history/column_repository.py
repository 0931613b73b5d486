"""Queries on the columns that existed at a past time: migrations are not in the log."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.history.columns import present_values, unmapped_names
from app.audit.history.gaps import Gaps
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.core.clock import now
from app.core.models import Entity, recorded_names

MARGIN = timedelta(days=1)  # between the clocks of ids and of changes


@dataclass(frozen=True)
class Moment:
    """A past time: which changes of a record had been made, and when it was."""

    made: ColumnElement[bool]
    at: datetime


class ColumnRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def gaps(self, model: type[Entity], id: UUID, then: Moment) -> Gaps:
        """Return the columns whose value then does not follow from the record's log.

        A column existed if an INSERT until then has it, of this record or of the newest
        one, or a change of this record. It did not if a later INSERT lacks it.
        """
        first = await self.first_change(model, id)
        image = first.new if first and first.action == Action.INSERT else None
        missing = absent(model, image)
        if not missing or then.at >= now():
            return Gaps(unmapped=unmapped_names(model, image or {}))
        newest = await self.newest_insert(model, then)
        if newest is None and image is None:
            return Gaps()  # all that could show it is archived
        if newest:
            missing &= absent(model, newest.new)
        if missing:
            after = newest.at if newest else first.at
            missing -= await self.mentioned(model, id, then, after)
        later = await self.next_insert(model, then) if missing else None
        added = missing & absent(model, later.new) if later else set()
        return Gaps(added, missing - added, unmapped_names(model, image or {}))

    async def first_change(self, model: type[Entity], id: UUID) -> Any:
        query = select(CHANGES).where(of_model(model), CHANGES.c.entity_id == id)
        rows = await self.session.execute(query.order_by(CHANGES.c.version).limit(1))
        return rows.first()

    async def newest_insert(self, model: type[Entity], then: Moment) -> Any:
        """Return the INSERT of the record that was created last until then.

        Ids sort by time, so the unique index finds it.
        """
        ids = CHANGES.c.entity_id <= last_id(then.at + MARGIN)
        query = inserts(model).where(ids, CHANGES.c.at <= then.at)
        newest = query.order_by(CHANGES.c.entity_id.desc()).limit(1)
        return (await self.session.execute(newest)).first()

    async def next_insert(self, model: type[Entity], then: Moment) -> Any:
        ids = CHANGES.c.entity_id > last_id(then.at - MARGIN)
        query = inserts(model).where(ids, CHANGES.c.at > then.at)
        oldest = query.order_by(CHANGES.c.entity_id).limit(1)
        return (await self.session.execute(oldest)).first()

    async def mentioned(
        self, model: type[Entity], id: UUID, then: Moment, after: datetime
    ) -> set[str]:
        """Return the columns in the record's changes between `after` and then."""
        record = of_model(model), CHANGES.c.entity_id == id
        between = CHANGES.c.at > after, CHANGES.c.at <= then.at
        rows = await self.session.execute(select(CHANGES).where(*record, *between))
        return {
            name
            for row in rows
            for name in (
                *present_values(model, row.old),
                *present_values(model, row.new),
            )
        }


def of_model(
    model: type[Entity], entity: ColumnElement[str] = CHANGES.c.entity
) -> ColumnElement[bool]:
    """Return the condition for rows of this class, also under its former names."""
    name, *former = recorded_names(model)
    return entity.in_([name, *former]) if former else entity == name


def inserts(model: type[Entity]) -> Select[Any]:
    first = CHANGES.c.version == 1
    return select(CHANGES).where(
        of_model(model), first, CHANGES.c.action == Action.INSERT
    )


def absent(model: type[Entity], image: dict[str, Any] | None) -> set[str]:
    return model.__table__.c.keys() - present_values(model, image).keys()


def last_id(at: datetime) -> UUID:
    """Return the largest UUID of version 7 that was made until then."""
    milliseconds = max(0, int(at.timestamp() * 1000))
    return UUID(int=(min(milliseconds, 2**48 - 1) << 80) | (2**80 - 1))
