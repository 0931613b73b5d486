"""Queries on changes in their settled order: what is complete, and what follows."""

from typing import NamedTuple

from sqlalchemy import select

from app.audit.archive.canonical import Row
from app.audit.archive.logs import CHANGES, MAX_ID, Log
from app.audit.archive.seals.batch import position_of
from app.audit.archive.seals.cursor import Horizon, Position
from app.audit.archive.seals.order import OrderRepository
from app.audit.personal.reading import reveal_entries
from app.audit.settled.queries import (
    ARCHIVED_AFTER,
    BEGINNING,
    NEWEST,
    NEWEST_SEALED,
)
from app.core.db.personal.key_urls import key_url_of
from app.core.db.session import DatabaseSession


class SettledPage(NamedTuple):
    """Rows after a position, and the position up to which there are no others.

    `is_settled` is false while a transaction runs that may add rows after it.
    """

    rows: list[Row]
    reached: Position
    is_settled: bool


class SettledRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.order = OrderRepository(session, CHANGES)

    async def get_complete(self) -> Position:
        """Return the position up to which no further row can appear."""
        return await self.complete_before(await self.order.get_horizon())

    async def complete_before(self, horizon: Horizon) -> Position:
        if self.session.dialect.name == "postgresql":
            return Position(horizon.settled - 1, MAX_ID)
        newest = [
            position_of(found[0])
            for query in (NEWEST, NEWEST_SEALED)
            if (found := await self.session.rows(query, {"limit": horizon.settled}))
        ]
        return max(newest, default=BEGINNING)

    async def read_after(self, position: Position, limit: int) -> SettledPage:
        """Return the next complete rows. Those that are archived are missing."""
        horizon = await self.order.get_horizon()
        complete = await self.complete_before(horizon)
        is_settled = horizon.settled >= horizon.own
        if position >= complete:
            return SettledPage([], position, is_settled)
        rows = await self.order.read_settled(position, horizon.settled, limit)
        # On SQLite, rows may have been added since: they are complete, too.
        reached = position_of(rows[-1]) if rows else complete
        if len(rows) < limit:
            reached = max(reached, complete)
        shown = await reveal_entries(key_url_of(self.session), rows)
        return SettledPage(shown, reached, is_settled)

    async def has_after(self, position: Position) -> bool:
        """Return whether there is a change after a position, complete or not."""
        id = self.order.log.live.c.id
        later = select(id).where(*self.order.after(position)).limit(1)
        return await self.session.value(later) is not None

    async def is_archived(
        self, position: Position, until: Position, log: Log = CHANGES
    ) -> bool:
        """Return whether a row between the positions may be deleted, as archived.

        Asked after a page was read, it is true if rows may be missing from the page.
        """
        after = {"number": position.transaction_id, "id": position.row_id}
        where = after | {"until": until.transaction_id, "log": log.name}
        return await self.session.value(ARCHIVED_AFTER, where) is not None

    async def can_follow(self, position: Position, complete: Position) -> bool:
        """Return whether all changes after this position are still to be had.

        A position beyond the complete ones is of a database that this one replaced.
        """
        return position <= complete and not await self.is_archived(position, position)
