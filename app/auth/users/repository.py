"""Queries on users."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import col

from app.auth.keys.repository import KeyRepository
from app.auth.models import AuthSession, Role, User, UserRole
from app.auth.passwords.links import PasswordLink
from app.core.clock import now
from app.core.db.constraints import missing_reference
from app.core.db.ids import uuid7
from app.core.entity_pages import EntityPageRepository
from app.core.exceptions import ValidationFailedException


class UserRepository(EntityPageRepository[User]):
    model = User

    async def create(self, values: dict[str, Any]) -> User:
        id = uuid7()
        links = await self.make_links(id, set(values.pop("role_ids")))
        return await super().create({"id": id, **values, "links": links})

    async def update(self, entity: User, values: dict[str, Any]) -> User:
        """Update the given fields; keep the rows of roles that remain."""
        held = {link.role_id for link in entity.links}
        wanted = set(values.pop("role_ids", held))
        if wanted != held:
            kept = [link for link in entity.links if link.role_id in wanted]
            entity.links = kept + await self.make_links(entity.id, wanted - held)
            # The roles are part of the response, so the version must change.
            values["updated_at"] = now()
        if entity.is_active and values.get("is_active") is False:
            await self.delete_credentials(entity.id)
        return await super().update(entity, values)

    async def make_links(self, user_id: UUID, role_ids: set[UUID]) -> list[UserRole]:
        return links_to(user_id, await self.get_roles(role_ids))

    async def make_remaining_links(self, user: User) -> list[UserRole]:
        """Return links from a deleted user to those of the roles that still exist."""
        return links_to(user.id, await self.lock_roles(set(user.role_ids)))

    async def is_superuser(self, id: UUID) -> bool:
        """Return the flag without loading the user, who is not locked yet."""
        flag = select(col(User.is_superuser)).where(col(User.id) == id)
        return bool(await self.session.scalar(flag))

    async def lock_superusers(self) -> set[UUID]:
        """Lock all superusers, ordered by id; return the ids of the active ones.

        Serializes changes of superusers, so that two can't demote each other. Disabled
        ones are locked as well: the caller changes one of them, in no other order.
        """
        query = select(User).where(col(User.is_superuser)).order_by(col(User.id))
        locked = query.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
        return {it.id for it in await self.session.scalars(locked) if it.is_active}

    async def delete(self, user: User) -> None:
        """Delete the user with their sessions, API keys and password link."""
        await self.delete_credentials(user.id)
        own = col(AuthSession.user_id) == user.id
        await self.session.execute(delete(AuthSession).where(own))
        await super().delete(user)

    async def delete_credentials(self, user_id: UUID) -> None:
        """Delete what does not end with `auth_version`: API keys, and the link."""
        await KeyRepository(self.session).revoke_all(user_id)
        own = col(PasswordLink.user_id) == user_id
        await self.session.execute(delete(PasswordLink).where(own))

    async def may_manage(self, id: UUID, user: User) -> bool:
        """Return whether the user with this id could set the other's password."""
        manager = await self.session.get(User, id)
        if manager is None or not manager.is_active:
            return False
        if manager.is_superuser or user.is_superuser:
            return manager.is_superuser
        held = await self.get_permissions(set(user.role_ids))
        own = await self.get_permissions(set(manager.role_ids))
        return held | {"users:update"} <= own

    async def get_roles(self, ids: set[UUID]) -> list[Role]:
        """Return these roles, or raise if one does not exist."""
        roles = await self.lock_roles(ids)
        if len(roles) < len(ids):
            raise ValidationFailedException([missing_reference("role_ids")])
        return roles

    async def lock_roles(self, ids: set[UUID]) -> list[Role]:
        """Return those of these roles that exist; until the end, none is deleted."""
        query = select(Role).where(col(Role.id).in_(ids))
        locked = query.with_for_update(read=True, key_share=True)
        return list(await self.session.scalars(locked))

    async def get_permissions(self, role_ids: set[UUID]) -> set[str]:
        """Return the union of the permissions of these roles, as `module:action`."""
        return {
            f"{module}:{action}"
            for role in await self.get_roles(role_ids)
            for module, actions in role.modules.items()
            for action in ("read", *actions)
        }


def links_to(user_id: UUID, roles: Iterable[Role]) -> list[UserRole]:
    return [UserRole(user_id=user_id, role_id=role.id, role=role) for role in roles]
