"""The rules of roles: nobody grants what she lacks, or edits a role that she holds."""

from uuid import UUID

import structlog

from app.auth.models import Role, User
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import denied, recheck
from app.auth.permissions.registry import READ
from app.auth.roles.repository import RoleRepository
from app.auth.roles.schemas import RoleCreate, RoleUpdate
from app.core.service import CrudService
from app.core.web.etag import Preconditions

logger = structlog.get_logger()


class RoleService(CrudService[Role, RoleCreate, RoleUpdate]):
    repository: RoleRepository

    def __init__(
        self, repository: RoleRepository, preconditions: Preconditions, actor: Principal
    ) -> None:
        super().__init__(repository, preconditions)
        self.actor = actor

    async def create(self, data: RoleCreate) -> Role:
        await self.recheck("roles:create")
        self.require(data.modules)
        role = await super().create(data)
        self.tell("role_created", role.id)
        return role

    async def update(self, id: UUID, data: RoleUpdate) -> Role:
        role = await self.get_touchable(id, "roles:update")
        self.require(data.modules or {})
        before = role.modules
        role = await self.repository.update(role, data.changes())
        if role.modules != before:
            self.tell("grants_changed", id)
        return role

    async def delete(self, id: UUID) -> None:
        await self.repository.delete(await self.get_touchable(id, "roles:delete"))
        self.tell("role_deleted", id)

    async def restore(self, entity: Role) -> Role:
        """Bring back a role with its grants; who held it does not hold it again."""
        await self.recheck("roles:create")
        self.require(entity.modules)
        role = await super().restore(entity)
        self.tell("role_created", role.id)
        return role

    async def recheck(self, permission: str) -> None:
        session = self.repository.session
        self.actor = await recheck(session, self.actor, permission)

    async def get_touchable(self, id: UUID, permission: str) -> Role:
        """Return the role, locked, if neither it nor its holders are above the actor.

        Nor may she hold it herself.
        """
        await self.recheck(permission)
        role = await self.get_for_update(id)
        if self.actor.is_superuser:
            return role
        self.require(role.modules)
        for holder in await self.repository.holders(id):
            self.require_below(holder)
        return role

    def require_below(self, holder: User) -> None:
        if holder.id == self.actor.user_id:
            raise denied(self.actor, "You hold this role yourself")
        for role in holder.roles:
            self.require(role.modules)
        if holder.is_superuser:
            raise denied(self.actor, "A superuser holds this role")

    def require(self, modules: dict[str, list[str]]) -> None:
        """Refuse to grant, or to take away, what the actor herself may not do."""
        for module, actions in modules.items():
            for action in (READ, *actions):
                if not self.actor.may(f"{module}:{action}"):
                    raise denied(self.actor, "This grants more than you may do")

    def tell(self, event: str, role_id: UUID) -> None:
        logger.info(event, role_id=str(role_id), by=str(self.actor.user_id))
