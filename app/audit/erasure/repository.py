"""Queries of an erasure, in its transaction."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.audit.archive.files.repository import FileRepository
from app.audit.archive.holds import HoldRepository, keep_holds
from app.audit.archive.logs import ACCESSES, CHANGES
from app.audit.archive.models import AuditHold
from app.audit.changes.change_row import insert_rows, unaudited_row
from app.audit.changes.change_time import log_position
from app.audit.erasure.answers import ANSWERS, may_show
from app.audit.erasure.person import Person, personal_models
from app.audit.personal.envelopes import ID_LENGTH, PREFIX
from app.audit.personal.keys import ENTITY
from app.audit.personal.reading import key_ids
from app.audit.personal.users import ENCRYPTED
from app.auth.models import User
from app.auth.users.closing import close_account, is_last_superuser
from app.auth.users.repository import UserRepository
from app.core.db.locks.record_lock import lock_record
from app.core.db.session import DatabaseSession

LOG = CHANGES.live.c
LONGEST = timedelta(hours=1)  # from the line of the ledger to the entry of the log
# Characters of an encrypted value in which two of different keys differ.
BEGIN = len(PREFIX) + ID_LENGTH * 8 // 6


class ErasureRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def find_hold(self, person: Person) -> AuditHold | None:
        """Return a legal hold on this record, or on all of its type.

        None is placed until the transaction ends.
        """
        await keep_holds(self.session)
        names = {name.lower() for name in person.names}
        for hold in await HoldRepository(self.session).list_active():
            if hold.entity.lower() in names and hold.entity_id in (None, person.id):
                return hold
        return None

    async def find(self, person: Person) -> Any:
        """Return the record, locked; None if it is deleted, or never existed."""
        users = UserRepository(self.session)
        if person.model is User and await users.is_superuser(person.id):
            await users.lock_superusers()  # before the user, as requests do
        await lock_record(self.session, person.id)
        return await self.session.find_for_update(person.model, person.id)

    async def find_unerased(self, ids: Collection[UUID]) -> list[Person]:
        """Return those of these persons whose records have values to erase."""
        found: list[Person] = []
        for model in personal_models():
            columns = [getattr(model, name) for name in ("id", *model.personal)]
            query = select(*columns).where(columns[0].in_(ids))
            for row in await self.session.rows(query):
                person = Person(model, row["id"])
                if row != {"id": person.id} | person.erased():
                    found.append(person)
        return found

    async def is_last_superuser(self, record: Any) -> bool:
        is_user = isinstance(record, User)
        return is_user and await is_last_superuser(self.session, record)

    async def anonymise(self, person: Person, record: Any) -> None:
        """Replace the personal values, which is a change like any other."""
        for name, value in person.erased().items():
            setattr(record, name, value)
        if isinstance(record, User):
            await close_account(self.session, record)
        await self.session.flush()

    async def recorded_values(self, person: Person) -> list[dict[str, Any]]:
        """Return the values of the record's changes, as they are stored."""
        found: list[dict[str, Any]] = []
        for table in (CHANGES.live, CHANGES.restored):
            own = table.c.entity.in_(person.names), table.c.entity_id == person.id
            query = select(table.c.old, table.c.new).where(*own)
            for row in await self.session.rows(query):
                found += (it for it in row.values() if isinstance(it, dict))
        return found

    async def recorded_keys(self, person: Person) -> set[UUID]:
        return set(
            key_ids(await self.recorded_values(person) + await self.as_user(person))
        )

    async def as_user(self, person: Person) -> list[dict[str, Any]]:
        """Return, of entries of this user, an encrypted value for each key."""
        found: list[dict[str, Any]] = []
        for log in (CHANGES, ACCESSES):
            for table in (log.live, log.restored):
                value, user = table.c[ENCRYPTED], table.c[f"{log.actor}_id"]
                own = select(func.min(value)).where(user == person.id)
                found += await self.session.rows(
                    own.where(value.is_not(None)).group_by(func.substr(value, 1, BEGIN))
                )
        return found

    async def forget_answers(self, person: Person) -> int:
        """Delete the kept responses to requests by this person, or about them.

        Their keys stay, so that a client that repeats a request does nothing twice.
        """
        kept = may_show(person, self.session.dialect) & ANSWERS.c.body.is_not(None)
        gone = update(ANSWERS).where(kept).values(body=None, headers=None)
        return len(await self.session.rows(gone.returning(ANSWERS.c.id)))

    async def record(self, person: Person, reason: str, **details: Any) -> None:
        """Insert a row into the change log: it is sealed and signed as any other."""
        connection = await self.session.connection()
        position = await connection.run_sync(log_position)
        new = {"entity": person.model.__name__} | details
        row = unaudited_row(reason, ENTITY) | position.values()
        row |= {"entity_id": person.id, "new": new}
        await connection.run_sync(insert_rows, [row])

    async def is_recorded(
        self, person: Person, since: datetime, *, may_be_archived: bool
    ) -> bool:
        """Return whether the log has an erasure since then, or has perhaps archived it.

        Files of other times, or of a lost database, do not show that this one erased.
        """
        own = LOG.entity == ENTITY, LOG.entity_id == person.id
        erased = LOG.reason.like("erased%"), LOG.at >= since
        query = select(func.count().label("count")).where(*own, *erased)
        is_live = bool(await self.session.value(query))
        if is_live or not may_be_archived:
            return is_live
        files = FileRepository(self.session)
        return await files.may_have_moved(CHANGES, since, since + LONGEST)
