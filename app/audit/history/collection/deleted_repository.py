"""Queries on the deleted records of a collection: the newest deletions first."""

from typing import Any

from sqlalchemy import Select, literal_column, select, tuple_

from app.audit.cursors import decode_cursor
from app.audit.history.changes import check_changes
from app.audit.history.entity_repository import EntityRepository
from app.audit.history.exceptions import UnknownStateException
from app.audit.history.moments import just_before, of_model
from app.audit.history.repository import deleted_state
from app.audit.repository import CHANGES, newest_first
from app.audit.shown.pages import read_page
from app.core.db.driver.compiled import Row
from app.core.db.session import DatabaseSession
from app.core.models import Entity

# Without a parameter, so that the database can use the index of deletions.
DELETED = CHANGES.c.action == literal_column("'DELETE'")


class DeletedRepository:
    def __init__(self, session: DatabaseSession, model: type[Entity]) -> None:
        self.session, self.model = session, model
        self.entities = EntityRepository(session)

    async def page(
        self, limit: int, cursor: str | None
    ) -> tuple[list[Row], str | None]:
        """Return the last deletions of records that are deleted now, and the cursor."""
        query = last_deletions(self.model)
        if cursor:
            at, id = decode_cursor(cursor)
            key = tuple_(CHANGES.c.at, CHANGES.c.id)
            query = query.where(CHANGES.c.at <= at, key < tuple_(at, id))
        return await read_page(self.session, query, limit)

    async def record(self, deletion: Row) -> Any:
        """Return the record as it was deleted; None if a value of it is not known."""
        try:
            check_changes([deletion])
            state = deleted_state(self.model, deletion)
            then = just_before(deletion["at"])
            return await self.entities.build(self.model, state, then)
        except UnknownStateException:
            return None


def last_deletions(model: type[Entity]) -> Select[Any]:
    later, id = CHANGES.alias("later"), model.__table__.c.id
    lives = select(id).where(id == CHANGES.c.entity_id)
    again = select(later.c.id).where(
        of_model(model, later.c.entity),
        later.c.entity_id == CHANGES.c.entity_id,
        later.c.version > CHANGES.c.version,
    )
    gone = of_model(model), DELETED, ~lives.exists(), ~again.exists()
    return select(CHANGES).where(*gone).order_by(*newest_first(CHANGES))
