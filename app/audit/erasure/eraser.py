"""Erasure of a person: their live values, kept responses, and keys.

All in one transaction, which holds the lock of the record: the keys are destroyed just
before it commits, so no change of the record can use one that is about to go. Each step
can be repeated. If the process ends in between, the ledger says so, and the same
command finishes.
"""

from dataclasses import dataclass

from sqlalchemy.util import greenlet_spawn

from app.audit.erasure.exceptions import (
    ErasureException,
    HeldException,
    UsageException,
)
from app.audit.erasure.ledger import Erasure, Ledger, State
from app.audit.erasure.person import Person
from app.audit.erasure.repository import ErasureRepository
from app.audit.personal.keys import PersonalKeys, keys_at
from app.core.db.database import Database
from app.core.db.personal.key_urls import key_url


@dataclass(frozen=True)
class Erased:
    """Result of an erasure: whether a record was live, and how much was deleted."""

    live: bool
    keys: int
    answers: int


class Eraser:
    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database, self.ledger = database, ledger

    @property
    def keys(self) -> PersonalKeys:
        if url := key_url(self.database.engine.url):
            return keys_at(url)
        raise ErasureException("Set PERSONAL_KEYS_URL first, and keep it")

    async def erase(self, person: Person, reason: str, by: str) -> Erased:
        """Erase a person. Idempotent.

        Raises:
            HeldException: a legal hold forbids it.
            UsageException: there is no such record, or it must stay.
        """
        erasure = Erasure(person.model.__name__, person.id, reason, by)
        async with self.database.writing() as session:
            found = ErasureRepository(session)
            record = await self.check(found, person)
            if record is None:
                await self.require_known(found, person)
            # While the checks are in force: a refused one is not to be finished later.
            self.ledger.append(erasure, State.BEGUN)
            done = await self.apply(found, person, record, reason)
        self.ledger.append(erasure, State.DONE)
        return done

    async def erase_again(self, person: Person, reason: str) -> Erased:
        """Erase what there is of the person: the database may know nothing of them."""
        async with self.database.writing() as session:
            found = ErasureRepository(session)
            record = await self.check(found, person)
            return await self.apply(found, person, record, reason)

    async def apply(
        self, found: ErasureRepository, person: Person, record: object, reason: str
    ) -> Erased:
        if record is not None:
            await found.anonymise(person, record)
        answers = await found.forget_answers(person)
        ids = await found.recorded_keys(person)
        count = await greenlet_spawn(self.keys.store.destroy, person.id, ids)
        done = Erased(record is not None, count, answers)
        await found.record(person, f"erased: {reason}", **vars(done))
        return done

    async def check(self, found: ErasureRepository, person: Person) -> object:
        """Return the record, locked; None if it is deleted."""
        if hold := await found.find_hold(person):
            raise HeldException(
                f"{person.name} is on legal hold {hold.id}: {hold.reason}. Nothing was "
                "erased"
            )
        record = await found.find(person)
        if await found.is_last_superuser(record):
            raise UsageException(
                f"{person.name} is the last active superuser: promote another first"
            )
        return record

    async def require_keys(self) -> None:
        """Raise KeysUnavailableException if the store of the keys does not answer."""
        await greenlet_spawn(self.keys.store.find, set())

    async def require_known(self, found: ErasureRepository, person: Person) -> None:
        """Raise UsageException if neither the log nor the keys know the person."""
        is_known = await greenlet_spawn(self.keys.store.active, {person.id})
        if not is_known and not await found.recorded_values(person):
            raise UsageException(f"{person.name} is neither a record nor in the log")
