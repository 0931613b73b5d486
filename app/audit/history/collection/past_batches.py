"""A whole list as of a time, in batches for which no session has to stay open."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.audit.history.collection.ranges import Ranges
from app.audit.history.collection.service import PastService
from app.core.db.session import DatabaseSession
from app.core.pagination import PageQuery
from app.core.repository import BaseRepository

BATCH_RECORDS = 500


class PastBatches:
    """The records of a list as of then, in the order of ids.

    Each batch checks that no change since then has been archived meanwhile.
    """

    def __init__(
        self, repository: BaseRepository[Any], query: PageQuery, then: datetime
    ) -> None:
        self.present, self.query, self.then = repository, query, then
        self.ranges = Ranges(PastService(repository, then).repository.scope)
        self.ids = list[UUID]()

    async def read(self, session: DatabaseSession) -> list[Any]:
        """Return the entities of the next batch; an empty list at the end."""
        service = PastService(self.present.in_session(session), self.then)
        listed, past = await service.open(self.query), service.repository
        while not self.ids and (part := await self.ranges.next(session)):
            self.ids = await past.ids_in(listed, part)
        batch, self.ids = self.ids[:BATCH_RECORDS], self.ids[BATCH_RECORDS:]
        records = await past.build(batch)
        await service.require_live()
        return records
