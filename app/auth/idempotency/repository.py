"""Queries on keys and their answers, in the transaction of the request.

By `rows`, which opens no ORM session: the change that follows is faster without.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.auth.idempotency.exceptions import KeyInUseException
from app.auth.idempotency.models import IdempotencyKey
from app.core.db.outages.states import error_code
from app.core.db.session import DatabaseSession
from app.core.db.upsert import upsert

# SQLSTATEs of PostgreSQL: the lock was not available in time, or the statement took
# too long. On SQLite the transaction itself waits for the other one.
WAITED = {"55P03", "57014"}
TABLE: Any = IdempotencyKey.__table__  # type: ignore[attr-defined]  # SQLModel's types


class IdempotencyRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def reserve(self, key: IdempotencyKey) -> bool:
        """Insert a key; return False if it exists. Waits for a request that has it.

        Raises:
            KeyInUseException: that request has not ended in time.
        """
        insert = upsert(self.session, IdempotencyKey).on_conflict_do_nothing()
        new = insert.values(key.model_dump()).returning(TABLE.c.id)
        try:
            return bool(await self.session.rows(new))
        except DBAPIError as error:
            if error_code(error) in WAITED:
                raise KeyInUseException from error
            raise

    async def find(self, id: str) -> IdempotencyKey | None:
        rows = await self.session.rows(select(*TABLE.c).where(TABLE.c.id == id))
        return IdempotencyKey(**rows[0]) if rows else None

    async def save_answer(
        self, id: str, status: int, headers: Sequence[Any], body: bytes | None
    ) -> None:
        answer = {"status": status, "headers": headers, "body": body}
        changed = update(TABLE).where(TABLE.c.id == id).values(answer)
        await self.session.rows(changed.returning(TABLE.c.id))

    async def release(self, id: str) -> None:
        deleted = delete(TABLE).where(TABLE.c.id == id)
        await self.session.rows(deleted.returning(TABLE.c.id))
