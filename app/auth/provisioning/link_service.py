"""Rules of one-time password links: who may make one, and for whom."""

from uuid import UUID

import structlog

from app.auth.passwords.links import PasswordLink, hash_of, new_token
from app.auth.permissions.recheck import require_person
from app.auth.provisioning.link_repository import LinkRepository
from app.auth.provisioning.other_users import get_other_user
from app.auth.users.service import UserService

logger = structlog.get_logger()


class LinkService:
    """Links for users whose password the actor could set."""

    def __init__(self, links: LinkRepository, users: UserService) -> None:
        self.links, self.users = links, users

    async def create(self, user_id: UUID) -> tuple[str, PasswordLink]:
        """Return the token of a new link, which replaces the user's former one."""
        user = await get_other_user(self.users, user_id)
        actor = self.users.actor
        require_person(actor)
        token = new_token()
        link = await self.links.replace(user, hash_of(token), actor.user_id)
        by = str(actor.user_id)
        logger.info("password_link_created", user_id=str(user_id), by=by)
        return token, link
