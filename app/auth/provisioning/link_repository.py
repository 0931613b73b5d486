"""Queries on password links."""

from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import raiseload
from sqlmodel import col

from app.auth.models import User
from app.auth.passwords.links import PasswordLink
from app.core.clock import now
from app.core.db.session import DatabaseSession


class LinkRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def replace(self, user: User, token_hash: str, by: UUID) -> PasswordLink:
        """Store a link of the user, who is locked, in place of the former one."""
        own = col(PasswordLink.user_id) == user.id
        await self.session.execute(delete(PasswordLink).where(own))
        link = PasswordLink(
            user_id=user.id,
            token_hash=token_hash,
            auth_version=user.auth_version,
            created_by=by,
        )
        self.session.add(link)
        await self.session.flush()
        return link

    async def find_user(self, token_hash: str) -> User | None:
        """Return the user of a live link, without roles."""
        query = (
            select(User)
            .join(PasswordLink, col(PasswordLink.user_id) == col(User.id))
            .where(is_live(token_hash), col(User.is_active))
            .where(col(User.auth_version) == col(PasswordLink.auth_version))
        )
        return await self.session.scalar(query.options(raiseload("*")))

    async def use(self, user: User, token_hash: str) -> UUID | None:
        """Delete a live link of the user, who is locked; return its maker's id."""
        own = col(PasswordLink.user_id) == user.id
        statement = delete(PasswordLink).where(
            own,
            is_live(token_hash),
            col(PasswordLink.auth_version) == user.auth_version,
        )
        makers = await self.session.execute(
            statement.returning(col(PasswordLink.created_by))
        )
        maker: UUID | None = makers.scalar_one_or_none()
        return maker


def is_live(token_hash: str) -> ColumnElement[bool]:
    table = PasswordLink
    return (col(table.token_hash) == token_hash) & (col(table.expires_at) > now())
