"""Queries on roles."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import col

from app.auth.models import Role, RoleModule, RolePermission, User, UserRole
from app.core.clock import now
from app.core.db.ids import uuid7
from app.core.entity_pages import EntityPageRepository


class RoleRepository(EntityPageRepository[Role]):
    model = Role

    async def create(self, values: dict[str, Any]) -> Role:
        id = uuid7()
        modules = values.pop("modules").items()
        grants = [make_grant(id, module, actions) for module, actions in modules]
        return await super().create({"id": id, **values, "grants": grants})

    async def update(self, entity: Role, values: dict[str, Any]) -> Role:
        """Update the given fields; keep the rows of grants that remain."""
        modules = values.pop("modules", entity.modules)
        if modules != entity.modules:
            set_grants(entity, modules)
            # The grants are part of the response, so the version must change.
            values["updated_at"] = now()
        if values.get("name", entity.name) != entity.name:
            await self.touch_holders(entity)
        return await super().update(entity, values)

    async def holders(self, role_id: UUID) -> list[User]:
        return list(await self.session.scalars(holders_query(role_id)))

    async def delete(self, role: Role) -> None:
        """Delete the role and remove it from its holders."""
        for holder in await self.touch_holders(role):
            holder.links = [link for link in holder.links if link.role_id != role.id]
        await self.session.flush()
        await super().delete(role)

    async def touch_holders(self, role: Role) -> list[User]:
        """Lock the holders and bump their versions: their responses show the role."""
        query = holders_query(role.id).order_by(col(User.id))
        # Lock and reload, because a holder may be changing concurrently.
        locked = query.with_for_update(key_share=True)
        fresh = locked.execution_options(populate_existing=True)
        holders = list(await self.session.scalars(fresh))
        for holder in holders:
            holder.updated_at = now()
        return holders


def holders_query(role_id: UUID) -> Select[User]:
    links = select(col(UserRole.user_id)).where(col(UserRole.role_id) == role_id)
    return select(User).where(col(User.id).in_(links))


def make_grant(role_id: UUID, module: str, actions: list[str]) -> RoleModule:
    grant = RoleModule(role_id=role_id, module=module)
    grant.actions = make_permissions(grant, set(actions))
    return grant


def make_permissions(grant: RoleModule, actions: set[str]) -> list[RolePermission]:
    return [RolePermission(grant_id=grant.id, action=each) for each in sorted(actions)]


def set_grants(role: Role, modules: dict[str, list[str]]) -> None:
    grants = {grant.module: grant for grant in role.grants if grant.module in modules}
    for module, actions in modules.items():
        if module in grants:
            set_actions(grants[module], set(actions))
        else:
            grants[module] = make_grant(role.id, module, actions)
    role.grants = list(grants.values())


def set_actions(grant: RoleModule, actions: set[str]) -> None:
    kept = [each for each in grant.actions if each.action in actions]
    added = actions - {each.action for each in kept}
    grant.actions = kept + make_permissions(grant, added)
