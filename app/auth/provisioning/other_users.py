"""Users for whom an administrator makes API keys and password links."""

from uuid import UUID

from app.auth.models import User
from app.auth.permissions.recheck import forbidden
from app.auth.users.service import UserService
from app.core.exceptions import ConflictException


async def get_other_user(users: UserService, user_id: UUID) -> User:
    """Return an active user, locked, if the actor could set their password."""
    user = await users.get_manageable(user_id, "users:update")
    if user.id == users.actor.user_id:
        raise forbidden(users.actor, "Use /auth/keys and /auth/password for yourself")
    if not user.is_active:
        raise ConflictException("The user is not active")
    return user
