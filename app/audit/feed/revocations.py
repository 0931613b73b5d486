"""Revocations, found for all streams at once: each then checks its permission.

Users, API keys and roles are changes of the log. Sessions are not, so one statement a
second asks for those of the streams.
"""

import time
from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlmodel import col

from app.audit.feed.entries import Entry
from app.audit.feed.permit import Permit
from app.audit.models import Action
from app.auth.keys.models import ApiKey
from app.auth.models import AuthSession, RoleModule, RolePermission, User, UserRole
from app.core.db.database import Database

INTERVAL = 1.0
CREDENTIALS = {model.__name__ for model in (User, ApiKey)}
GRANTS = {model.__name__ for model in (UserRole, RoleModule, RolePermission)}
REVOKED = select(col(AuthSession.id)).where(
    col(AuthSession.id).in_(bindparam("ids", expanding=True)),
    col(AuthSession.revoked_at).is_not(None),
)


class Revocations:
    def __init__(self, database: Database, permits: set[Permit]) -> None:
        self.database, self.permits = database, permits
        self.due = 0.0

    def notice(self, entries: Iterable[Entry]) -> None:
        """Hasten the checks of the streams that these changes may end."""
        found = [entry for entry in entries if is_of_accounts(entry)]
        for permit in self.permits if found else ():
            if any(may_revoke(entry, permit) for entry in found):
                permit.hasten()

    def hasten_all(self) -> None:
        """Hasten the checks of all streams: some changes are not read."""
        for permit in self.permits:
            permit.hasten()

    async def find_sessions(self) -> bool:
        """Hasten the checks of streams whose session has ended, if there are any."""
        if time.monotonic() < self.due:
            return False
        self.due = time.monotonic() + INTERVAL
        ids = {it.viewer.session_id for it in self.permits if it.viewer.session_id}
        async with self.database.reading() as session:
            revoked = set(await session.scalars(REVOKED, {"ids": list(ids)}))
        ended = [it for it in self.permits if it.viewer.session_id in revoked]
        for permit in ended:
            permit.hasten()
        return bool(ended)


def is_of_accounts(entry: Entry) -> bool:
    """Return whether a change can take a permission; a new row takes none."""
    return entry.action != Action.INSERT and entry.entity in CREDENTIALS | GRANTS


def may_revoke(entry: Entry, permit: Permit) -> bool:
    key = permit.viewer.key
    own = (None, permit.viewer.user_id, key.id if key else None)
    return entry.entity in GRANTS or entry.entity_id in own
