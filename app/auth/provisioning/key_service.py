"""Rules of API keys: who may make, see and revoke which."""

from uuid import UUID

from app.auth.events import log_event
from app.auth.keys.key_text import hash_of, new_key, prefix_of
from app.auth.keys.repository import KeyRepository
from app.auth.keys.schemas import ApiKeyCreate, ApiKeyRead, NewApiKey
from app.auth.models import User
from app.auth.permissions.before_commit import recheck_before_commit
from app.auth.permissions.recheck import forbidden, require_person
from app.auth.provisioning.other_users import get_other_user
from app.auth.users.service import UserService
from app.core.exceptions import ConflictException

MAX_KEYS_PER_USER = 20


class KeyService:
    """Keys of the actor, and of users whose password the actor could set."""

    def __init__(self, keys: KeyRepository, users: UserService) -> None:
        self.keys, self.users = keys, users

    async def list_own(self) -> list[ApiKeyRead]:
        return await self.list_of(self.users.actor.user_id)

    async def list_for(self, user_id: UUID) -> list[ApiKeyRead]:
        await self.users.get(user_id)
        return await self.list_of(user_id)

    async def list_of(self, user_id: UUID) -> list[ApiKeyRead]:
        rows = await self.keys.list_of(user_id)
        return [ApiKeyRead.from_row(row) for row in rows]

    async def create_own(self, data: ApiKeyCreate) -> NewApiKey:
        # Locked, so that concurrent requests count each other's keys.
        user = await self.users.repository.get_for_update(self.users.actor.user_id)
        await self.users.recheck()
        return await self.create(user, data)

    async def create_for(self, user_id: UUID, data: ApiKeyCreate) -> NewApiKey:
        user = await get_other_user(self.users, user_id)
        return await self.create(user, data)

    async def create(self, owner: User, data: ApiKeyCreate) -> NewApiKey:
        actor = self.users.actor
        require_person(actor)
        await self.require_grantable(owner, set(data.scopes))
        if await self.keys.count_of(owner.id) >= MAX_KEYS_PER_USER:
            raise ConflictException(
                f"The user has {MAX_KEYS_PER_USER} API keys: revoke one first"
            )
        key = new_key()
        values = {
            "user_id": owner.id,
            "name": data.name,
            "prefix": prefix_of(key),
            "key_hash": hash_of(key),
            "scopes": " ".join(dict.fromkeys(data.scopes)),
            "addresses": " ".join(dict.fromkeys(data.addresses)),
            "expires_at": data.expires_at,
            "created_by": actor.user_id,
        }
        made = await self.keys.create(values)
        self.log_event("key_created", made.id, owner.id)
        return NewApiKey.from_row(made.model_dump(), last_used_at=None, key=key)

    async def require_grantable(self, owner: User, scopes: set[str]) -> None:
        # The actor has all permissions of the owner, and so of the scopes.
        held = await self.users.repository.get_permissions(set(owner.role_ids))
        if not owner.is_superuser and not scopes <= held:
            reason = "The scopes have permissions that the user lacks"
            raise forbidden(self.users.actor, reason)

    async def revoke_own(self, key_id: UUID) -> None:
        recheck_before_commit(self.keys.session, self.users.actor)
        await self.revoke(self.users.actor.user_id, key_id)

    async def revoke_for(self, user_id: UUID, key_id: UUID) -> None:
        await self.users.get_manageable(user_id, "users:update")
        await self.revoke(user_id, key_id)

    async def revoke(self, user_id: UUID, key_id: UUID) -> None:
        await self.keys.revoke(user_id, key_id)
        self.log_event("key_revoked", key_id, user_id)

    def log_event(self, event: str, key_id: UUID, user_id: UUID) -> None:
        by, session = self.users.actor.user_id, self.keys.session
        log_event(event, session, key=key_id, user_id=user_id, by=by)
