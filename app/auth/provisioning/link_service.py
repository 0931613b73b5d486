"""Rules of one-time password links: who may make one, and for whom."""

from uuid import UUID

from app.auth.events import log_event
from app.auth.passwords.links import PasswordLink, hash_of, new_token
from app.auth.permissions.recheck import require_person
from app.auth.provisioning.link_repository import LinkRepository
from app.auth.provisioning.other_users import get_other_user
from app.auth.users.service import UserService


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
        session, by = self.links.session, actor.user_id
        log_event("password_link_created", session, user_id=user_id, by=by)
        return token, link
