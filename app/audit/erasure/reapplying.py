"""Erasures that a database lacks: its backup is older, or they were interrupted."""

from collections.abc import Iterable
from itertools import islice

from sqlalchemy.util import greenlet_spawn

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.ledger import Entry, Erasure, State
from app.audit.erasure.person import Person, find_person
from app.audit.erasure.repository import ErasureRepository
from app.core.clock import now
from app.core.db.database import Database

TOGETHER = 1_000  # persons of one query
# The reason and the person of an erasure that the ledger lacks.
UNLISTED = "not in the ledger, but the keys are destroyed", "unknown"


async def find_missing(database: Database, entries: Iterable[Entry]) -> list[Entry]:
    """Return the erasures that the log of the database lacks."""
    async with database.reading() as session:
        found = ErasureRepository(session)
        return [each for each in entries if not await is_applied(found, each)]


async def is_applied(found: ErasureRepository, entry: Entry) -> bool:
    person = find_person(entry.erasure.entity, entry.erasure.id)
    # One that only began has no entry, which a run could have archived since.
    has_ended = entry.state is State.DONE
    return await found.is_recorded(person, entry.at, may_be_archived=has_ended)


async def find_unlisted(eraser: Eraser, entries: Iterable[Entry]) -> list[Entry]:
    """Return the missing erasures that the ledger lacks: it was lost, or is a copy.

    The store of the keys knows whose were destroyed.
    """
    listed = {each.erasure.id for each in entries}
    rest = iter(await greenlet_spawn(eraser.keys.store.all_erased) - listed)
    persons: list[Person] = []
    async with eraser.database.reading() as session:
        while some := [*islice(rest, TOGETHER)]:
            persons += await ErasureRepository(session).find_unerased(some)
    return [
        Entry(Erasure(it.model.__name__, it.id, *UNLISTED), State.DONE, now())
        for it in persons
    ]


async def reapply(eraser: Eraser) -> int:
    """Erase again whom the database lacks; return their number.

    Raises:
        HeldException: a legal hold forbids it. It was released after the backup.
    """
    entries = eraser.ledger.read()
    missing = await find_missing(eraser.database, entries)
    missing += await find_unlisted(eraser, entries)
    for entry in missing:
        erasure = entry.erasure
        person = find_person(erasure.entity, erasure.id)
        eraser.ledger.append(erasure, State.BEGUN)
        await eraser.erase_again(person, erasure.reason)
        eraser.ledger.append(erasure, State.DONE)
    return len(missing)
