"""User management rules; prevents privilege escalation."""

from uuid import UUID

from app.auth.components import AuthComponents
from app.auth.events import log_event
from app.auth.exceptions import LastSuperuserException
from app.auth.models import User
from app.auth.passwords.hashing import dummy_hash
from app.auth.passwords.password_policy import check_password
from app.auth.permissions.before_commit import recheck_before_commit
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import forbidden, recheck
from app.auth.sessions.schemas import MeUpdate
from app.auth.users.credentials import Credentials
from app.auth.users.repository import UserRepository
from app.auth.users.schemas import UserCreate, UserUpdate
from app.core.service import CrudService
from app.core.web.etag import Preconditions

NOT_SELF_EDITABLE = {"password", "is_active", "role_ids"}
SELF_EDIT_DETAIL = "You can't set your own password, is_active or role_ids here"
NONE: Credentials = {}


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
        self.actor, self.components = actor, components
        self.superusers: set[UUID] = set()  # active ones; none if they are not locked

    async def create(self, data: UserCreate, credentials: Credentials = NONE) -> User:
        values = data.model_dump(exclude={"password"}) | credentials
        await self.recheck("users:create")
        await self.require_grantable(set(data.role_ids))
        user = await self.repository.create(values)
        if data.role_ids:
            self.log_event("roles_assigned", user.id)
        return user

    async def update(
        self, id: UUID, data: UserUpdate, credentials: Credentials = NONE
    ) -> User:
        values = data.model_dump(exclude_unset=True, exclude={"password"})
        user = await self.get_manageable(id, "users:update")
        self.check_update(user, data)
        if data.role_ids is not None:
            await self.require_grantable(set(data.role_ids))
        if data.password or (user.is_active and data.is_active is False):
            values["auth_version"] = user.auth_version + 1
        user = await self.repository.update(user, values | credentials)
        if data.role_ids is not None:
            self.log_event("roles_assigned", id)
        if data.password:
            self.log_event("password_changed", id)
        return user

    async def delete(self, id: UUID) -> None:
        user = await self.get_manageable(id, "users:delete")
        self.require_another_superuser(user)
        await self.repository.delete(user)

    async def restore(self, entity: User) -> User:
        """Restore a deleted user, without a password or superuser status."""
        await self.recheck("users:create")
        entity.links = await self.repository.make_remaining_links(entity)
        await self.require_grantable(set(entity.role_ids))
        entity.is_superuser = False
        entity.password_hash = dummy_hash()
        entity.auth_version += 1
        return await super().restore(entity)

    async def update_me(self, data: MeUpdate) -> User:
        """Update the actor's own profile, which needs no permission."""
        user = await self.get_for_update(self.actor.user_id)
        await self.recheck()
        return await self.repository.update(user, data.changes())

    async def end_sessions(self, id: UUID) -> None:
        user = await self.get_manageable(id, "users:delete")
        await self.repository.update(user, {"auth_version": user.auth_version + 1})
        self.log_event("sessions_ended", id)

    async def set_superuser(self, id: UUID, is_superuser: bool) -> User:
        """Grant or revoke superuser status. The router has confirmed the password."""
        user = await self.get_manageable(id, "users:update")
        self.require_superuser()
        if not is_superuser:
            self.require_another_superuser(user, "is_superuser")
        user = await self.repository.update(user, {"is_superuser": is_superuser})
        self.log_event("superuser_changed", id)
        return user

    def require_superuser(self) -> None:
        if not self.actor.is_superuser:
            raise forbidden(self.actor, "Only a superuser can change superusers")

    async def recheck(self, *permissions: str) -> None:
        self.actor = await recheck(self.repository.session, self.actor, *permissions)

    async def get_manageable(self, id: UUID, permission: str) -> User:
        """Return the user, locked, if the actor has all of the user's permissions.

        Otherwise the actor could set the user's password and log in with it.
        """
        if await self.repository.is_superuser(id):
            self.superusers = await self.repository.lock_superusers()
        user = await self.get_for_update(id)
        await self.recheck(permission)
        if not self.actor.is_superuser:
            held = await self.repository.get_permissions(set(user.role_ids))
            if user.is_superuser or not held <= self.actor.permissions:
                raise forbidden(self.actor, "The user has permissions that you lack")
            recheck_before_commit(self.repository.session, self.actor, held)
        if user.id == self.actor.user_id:
            self.repository.session.before_commit = None  # their session may end
        return user

    def check_update(self, user: User, data: UserUpdate) -> None:
        if data.is_active is False:
            self.require_another_superuser(user, "is_active")
        if user.id == self.actor.user_id and NOT_SELF_EDITABLE & data.model_fields_set:
            raise forbidden(self.actor, SELF_EDIT_DETAIL)
        if data.password:
            length = self.components.password_min_length
            check_password(data.password, data.email or user.email, length)

    async def require_grantable(self, role_ids: set[UUID]) -> None:
        granted = await self.repository.get_permissions(role_ids)
        if not self.actor.is_superuser and not granted <= self.actor.permissions:
            raise forbidden(self.actor, "The roles grant permissions that you lack")
        recheck_before_commit(self.repository.session, self.actor, granted)

    def require_another_superuser(self, user: User, *fields: str) -> None:
        if user.is_superuser and user.is_active and self.superusers <= {user.id}:
            raise LastSuperuserException(*fields)

    def log_event(self, event: str, user_id: UUID) -> None:
        by, session = self.actor.user_id, self.repository.session
        log_event(event, session, user_id=user_id, by=by)
