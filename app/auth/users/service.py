"""The rules of accounts: nobody makes herself, or anybody else, more than she is."""

from uuid import UUID

import structlog

from app.auth.components import AuthComponents
from app.auth.models import User
from app.auth.passwords.hashing import no_digest
from app.auth.passwords.password_policy import check_password
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import denied, recheck
from app.auth.sessions.schemas import MeUpdate
from app.auth.users.credentials import credentials
from app.auth.users.repository import UserRepository
from app.auth.users.schemas import UserCreate, UserUpdate
from app.core.exceptions import ConflictException
from app.core.service import CrudService
from app.core.web.etag import Preconditions

OWN_AFFAIRS = {"password", "is_active", "role_ids"}

logger = structlog.get_logger()


class UserService(CrudService[User, UserCreate, UserUpdate]):
    repository: UserRepository

    def __init__(
        self,
        repository: UserRepository,
        preconditions: Preconditions,
        actor: Principal,
        components: AuthComponents,
    ) -> None:
        super().__init__(repository, preconditions)
        self.actor = actor
        self.superusers: set[UUID] = set()  # the active ones, once they are locked
        self.components = components

    async def create(self, data: UserCreate) -> User:
        values = data.model_dump(exclude={"password"})
        values |= await credentials(self.components, data.password, data.email)
        await self.recheck("users:create")
        await self.require_grantable(set(data.role_ids))
        user = await self.repository.create(values)
        if data.role_ids:
            self.tell("roles_assigned", user.id)
        return user

    async def update(self, id: UUID, data: UserUpdate) -> User:
        # First of all, while no transaction is open yet: hashing takes its time.
        values = data.changes()
        values.pop("password", None)
        values |= await credentials(self.components, data.password, data.email or "")
        user = await self.get_touchable(id, "users:update")
        self.check_update(user, data)
        if data.role_ids is not None:
            await self.require_grantable(set(data.role_ids))
        if data.password or (user.is_active and data.is_active is False):
            values["auth_version"] = user.auth_version + 1
        user = await self.repository.update(user, values)
        if data.role_ids is not None:
            self.tell("roles_assigned", id)
        if data.password:
            self.tell("password_changed", id)
        return user

    async def delete(self, id: UUID) -> None:
        user = await self.get_touchable(id, "users:delete")
        self.require_another_superuser(user)
        await self.repository.delete(user)

    async def restore(self, entity: User) -> User:
        """Bring an account back: without password, superuser's rights or lost roles."""
        await self.recheck("users:create")
        entity.links = await self.repository.links_left(entity)
        await self.require_grantable(set(entity.role_ids))
        entity.is_superuser = False
        entity.password_hash = no_digest()
        entity.auth_version += 1
        return await super().restore(entity)

    async def update_me(self, data: MeUpdate) -> User:
        """Change your own name: that takes no permission."""
        user = await self.get_for_update(self.actor.user_id)
        return await self.repository.update(user, data.changes())

    async def end_sessions(self, id: UUID) -> None:
        """Sign this user out everywhere."""
        user = await self.get_touchable(id, "users:delete")
        await self.repository.update(user, {"auth_version": user.auth_version + 1})
        self.tell("sessions_ended", id)

    async def set_superuser(self, id: UUID, is_superuser: bool) -> User:
        """Promote or demote. The router has asked for the actor's password."""
        user = await self.get_touchable(id, "users:update")
        self.require_superuser()
        if not is_superuser:
            self.require_another_superuser(user)
        user = await self.repository.update(user, {"is_superuser": is_superuser})
        self.tell("superuser_changed", id)
        return user

    def require_superuser(self) -> None:
        if not self.actor.is_superuser:
            raise denied(self.actor, "Only a superuser makes superusers")

    async def recheck(self, permission: str) -> None:
        session = self.repository.session
        self.actor = await recheck(session, self.actor, permission)

    async def get_touchable(self, id: UUID, permission: str) -> User:
        """Return the user, locked, if she is no more than the actor is.

        Otherwise a new password would do to become her. The superusers are locked
        first, so that of two who demote each other one waits, and then does not.
        """
        if await self.repository.is_superuser(id):
            self.superusers = await self.repository.lock_superusers()
        await self.recheck(permission)
        user = await self.get_for_update(id)
        if self.actor.is_superuser:
            return user
        held = await self.repository.permissions({link.role_id for link in user.links})
        if user.is_superuser or not held <= self.actor.permissions:
            raise denied(self.actor, "This user may do more than you")
        return user

    def check_update(self, user: User, data: UserUpdate) -> None:
        if data.is_active is False:
            self.require_another_superuser(user)
        if user.id == self.actor.user_id and OWN_AFFAIRS & data.model_fields_set:
            raise denied(self.actor, "This is for somebody else to change")
        if data.password:
            name = data.email or user.email
            check_password(data.password, name, self.components.shortest_password)

    async def require_grantable(self, role_ids: set[UUID]) -> None:
        """Refuse to give roles that grant what the actor herself may not do."""
        granted = await self.repository.permissions(role_ids)
        if not self.actor.is_superuser and not granted <= self.actor.permissions:
            raise denied(self.actor, "These roles grant more than you may do")

    def require_another_superuser(self, user: User) -> None:
        if user.id in self.superusers and self.superusers == {user.id}:
            raise ConflictException("This is the last active superuser")

    def tell(self, event: str, user_id: UUID) -> None:
        logger.info(event, user_id=str(user_id), by=str(self.actor.user_id))
