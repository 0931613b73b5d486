"""Erasures that a database lacks: its backup is older, or they were interrupted."""

from collections.abc import Iterable

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.ledger import Entry, State
from app.audit.erasure.person import find_person
from app.audit.erasure.repository import ErasureRepository
from app.core.db.database import Database


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


async def reapply(eraser: Eraser) -> int:
    """Erase again whom the database lacks; return their number.

    Raises:
        HeldException: a legal hold forbids it. It was released after the backup.
    """
    missing = await find_missing(eraser.database, eraser.ledger.read())
    for entry in missing:
        erasure = entry.erasure
        person = find_person(erasure.entity, erasure.id)
        await eraser.erase_again(person, erasure.reason)
        eraser.ledger.append(erasure, State.DONE)
    return len(missing)
