"""Queries on API keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlmodel import col

from app.auth.keys.models import ApiKey, ApiKeyUse
from app.core.context import Context, new_context
from app.core.db.driver.compiled import Row
from app.core.exceptions import NotFoundException
from app.core.repository import BaseRepository


class KeyRepository(BaseRepository[ApiKey]):
    model = ApiKey

    async def list_of(self, user_id: UUID) -> list[Row]:
        """Return the keys of a user, newest first, with their last use."""
        table, uses = self.table, ApiKeyUse.__table__  # type: ignore[attr-defined]  # SQLModel's types
        query = (
            select(*table.c, uses.c.last_used_at)
            .outerjoin(uses, uses.c.key_id == table.c.id)
            .where(table.c.user_id == user_id)
            .order_by(table.c.id.desc())
        )
        return await self.session.rows(query)

    async def count_of(self, user_id: UUID) -> int:
        own = col(ApiKey.user_id) == user_id
        query = select(func.count().label("count")).select_from(ApiKey).where(own)
        count: int = await self.session.value(query)
        return count

    async def revoke(self, user_id: UUID, key_id: UUID) -> None:
        """Delete a key of this user, or raise NotFoundException."""
        if not await self._delete(owned_by(user_id).where(col(ApiKey.id) == key_id)):
            raise NotFoundException(f"API key {key_id} does not exist")

    async def revoke_all(self, user_id: UUID) -> None:
        await self._delete(owned_by(user_id))

    async def purge(self, before: datetime) -> int:
        """Delete keys that expired before, unless another process is deleting them.

        Uses that were written while their key was revoked go as well.
        """
        expired = select(ApiKey).where(col(ApiKey.expires_at) < before)
        with new_context(Context(actor_label="purge", reason="expired")):
            count = await self._delete(expired.with_for_update(skip_locked=True))
        await self._forget_uses(col(ApiKeyUse.key_id).not_in(select(col(ApiKey.id))))
        return count

    async def _delete(self, query: Select[ApiKey]) -> int:
        """Delete these keys as entities, which is recorded; return their number."""
        keys = list(await self.session.scalars(query))
        for key in keys:
            await self.session.delete(key)
        await self.session.flush()
        await self._forget_uses(col(ApiKeyUse.key_id).in_([key.id for key in keys]))
        return len(keys)

    async def _forget_uses(self, of_keys: ColumnElement[bool]) -> None:
        """Delete uses, except for those that are being written: a purge will."""
        id = col(ApiKeyUse.key_id)
        free = select(id).where(of_keys).with_for_update(skip_locked=True)
        await self.session.execute(delete(ApiKeyUse).where(id.in_(free)))


def owned_by(user_id: UUID) -> Select[ApiKey]:
    return select(ApiKey).where(col(ApiKey.user_id) == user_id).with_for_update()
