"""Queries on the columns that existed at a past time: migrations are not in the log."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from app.audit.history.changes import read_changes
from app.audit.history.columns import present_values, unmapped_names
from app.audit.history.gaps import Gaps
from app.audit.history.moments import Moment, of_model, of_records
from app.audit.history.pages import HistoryPages
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.audit.shown.documents import values_of
from app.core.clock import now
from app.core.db.derived.columns import base_names
from app.core.db.driver.compiled import Row
from app.core.db.ids import highest_id
from app.core.db.session import DatabaseSession
from app.core.models import Entity

MARGIN = timedelta(days=1)  # between the clocks of ids and of changes
Names = dict[UUID, set[str]]


class ColumnRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def gaps(
        self, model: type[Entity], ids: Collection[UUID], then: Moment
    ) -> dict[UUID, Gaps]:
        """Return the columns whose values then do not follow from the records' logs.

        A column existed if an INSERT until then has it, of this record or of the newest
        one, or a change of this record. It did not if a later INSERT lacks it.
        """
        firsts = await self.first_changes(model, ids)
        images = {id: inserted_image(firsts.get(id)) for id in ids}
        unmapped = {id: unmapped_names(model, images[id] or {}) for id in ids}
        gaps = {id: Gaps(unmapped=unmapped[id]) for id in ids}
        missing = {id: names for id in ids if (names := absent(model, images[id]))}
        if not missing or then.at >= now():
            return gaps
        newest = await self.newest_insert(model, then)
        if newest:
            lacking = absent(model, newest["new"])
            missing = {id: names & lacking for id, names in missing.items()}
        else:
            # Without its INSERT, all that could show a record's columns is archived.
            missing = {id: names for id, names in missing.items() if images[id]}
        after = {id: (newest or firsts[id])["at"] for id in missing if missing[id]}
        missing = await self.without_mentioned(model, missing, after, then)
        return gaps | await self.divided(model, missing, gaps, then)

    async def first_changes(
        self, model: type[Entity], ids: Collection[UUID]
    ) -> dict[UUID, Row]:
        record, version = CHANGES.c.entity_id, CHANGES.c.version
        lowest = select(record, func.min(version).label("version"))
        first = lowest.where(*of_records(model, ids)).group_by(record).subquery()
        same = and_(record == first.c.entity_id, version == first.c.version)
        query = select(CHANGES).join(first, same).where(of_model(model))
        return {
            row["entity_id"]: row for row in await read_changes(self.session, query)
        }

    async def newest_insert(self, model: type[Entity], then: Moment) -> Row | None:
        """Return the INSERT of the record that was created last until then.

        Ids sort by time, so the unique index finds it.
        """
        ids = CHANGES.c.entity_id <= highest_id(then.at, MARGIN)
        query = inserts(model).where(ids, CHANGES.c.at <= then.at)
        return await self.first(query.order_by(CHANGES.c.entity_id.desc()))

    async def next_insert(self, model: type[Entity], then: Moment) -> Row | None:
        ids = CHANGES.c.entity_id > highest_id(then.at, -MARGIN)
        query = inserts(model).where(ids, CHANGES.c.at > then.at)
        return await self.first(query.order_by(CHANGES.c.entity_id))

    async def first(self, query: Select[Any]) -> Row | None:
        return next(iter(await read_changes(self.session, query.limit(1))), None)

    async def without_mentioned(
        self,
        model: type[Entity],
        names: Names,
        after: dict[UUID, datetime],
        then: Moment,
    ) -> Names:
        """Return the names that are in no change of the record in `(after, then]`."""
        if not after:
            return {}
        left = {id: set(names[id]) for id in after}
        since = CHANGES.c.at > min(after.values())
        between = since, CHANGES.c.at <= then.at
        changes = select(CHANGES).where(of_model(model), *between)
        async for row in HistoryPages(self.session, changes).read(after):
            if row["at"] > after[row["entity_id"]]:
                left[row["entity_id"]] -= present_values(model, row["old"]).keys()
                left[row["entity_id"]] -= present_values(model, row["new"]).keys()
        return left

    async def divided(
        self, model: type[Entity], names: Names, gaps: dict[UUID, Gaps], then: Moment
    ) -> dict[UUID, Gaps]:
        """Divide the names into columns that were added later, and uncertain ones."""
        later = await self.next_insert(model, then) if any(names.values()) else None
        lacking = absent(model, later["new"]) if later else set[str]()
        return {
            id: replace(gaps[id], added=each & lacking, uncertain=each - lacking)
            for id, each in names.items()
        }


def inserted_image(change: Row | None) -> dict[str, Any] | None:
    """Return all values of an INSERT; None for another change."""
    is_insert = change is not None and change["action"] == Action.INSERT
    return values_of(change["new"]) if change and is_insert else None


def inserts(model: type[Entity]) -> Select[Any]:
    first = CHANGES.c.version == 1
    return select(CHANGES).where(
        of_model(model), first, CHANGES.c.action == Action.INSERT
    )


def absent(model: type[Entity], image: dict[str, Any] | None) -> set[str]:
    return base_names(model.__table__) - present_values(model, image).keys()
