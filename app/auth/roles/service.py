"""Role management rules; prevents privilege escalation."""

from uuid import UUID

from app.auth.events import log_event
from app.auth.models import Role, User
from app.auth.permissions.before_commit import recheck_before_commit
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import forbidden, recheck
from app.auth.permissions.registry import READ
from app.auth.roles.repository import RoleRepository
from app.auth.roles.schemas import RoleCreate, RoleUpdate
from app.core.service import CrudService
from app.core.web.etag import Preconditions

ESCALATION_DETAIL = "You can't grant or change permissions that you lack"


class RoleService(CrudService[Role, RoleCreate, RoleUpdate]):
    repository: RoleRepository

    def __init__(
        self, repository: RoleRepository, preconditions: Preconditions, actor: Principal
    ) -> None:
        super().__init__(repository, preconditions)
        self.actor = actor

    async def create(self, data: RoleCreate) -> Role:
        await self.recheck("roles:create")
        self.require_grantable(data.modules)
        role = await super().create(data)
        self.log_event("role_created", role.id)
        return role

    async def update(self, id: UUID, data: RoleUpdate) -> Role:
        role = await self.get_manageable(id, "roles:update")
        self.require_grantable(data.modules or {})
        before = role.modules
        role = await self.repository.update(role, data.changes())
        if role.modules != before:
            self.log_event("grants_changed", id)
        return role

    async def delete(self, id: UUID) -> None:
        await self.repository.delete(await self.get_manageable(id, "roles:delete"))
        self.log_event("role_deleted", id)

    async def restore(self, entity: Role) -> Role:
        """Restore a deleted role with its grants, but not its assignments to users."""
        await self.recheck("roles:create")
        self.require_grantable(entity.modules)
        role = await super().restore(entity)
        self.log_event("role_created", role.id)
        return role

    async def recheck(self, permission: str) -> None:
        session = self.repository.session
        self.actor = await recheck(session, self.actor, permission)

    async def get_manageable(self, id: UUID, permission: str) -> Role:
        """Return the role, locked, if the actor may change it.

        Unless a superuser, the actor must not hold the role, and must have every
        permission of the role and of its holders.
        """
        role = await self.get_for_update(id)
        await self.recheck(permission)
        if self.actor.is_superuser:
            return role
        self.require_grantable(role.modules)
        for holder in await self.repository.holders(id):
            self.require_manageable(holder)
        return role

    def require_manageable(self, holder: User) -> None:
        if holder.id == self.actor.user_id:
            raise forbidden(self.actor, "You can't change a role that you hold")
        for role in holder.roles:
            self.require_grantable(role.modules)
        if holder.is_superuser:
            raise forbidden(
                self.actor, "Only a superuser can change a role held by one"
            )

    def require_grantable(self, modules: dict[str, list[str]]) -> None:
        """Raise if the modules contain a permission that the actor lacks."""
        granted = [f"{it}:{do}" for it in modules for do in (READ, *modules[it])]
        if not all(map(self.actor.has_permission, granted)):
            raise forbidden(self.actor, ESCALATION_DETAIL)
        recheck_before_commit(self.repository.session, self.actor, granted)

    def log_event(self, event: str, role_id: UUID) -> None:
        by, session = self.actor.user_id, self.repository.session
        log_event(event, session, role_id=role_id, by=by)
