"""Erasures that a database lacks: its backup is older, or they were interrupted."""

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.ledger import Entry, State
from app.audit.erasure.person import find_person
from app.audit.erasure.repository import ErasureRepository


async def find_missing(eraser: Eraser, applied: set[Entry]) -> list[Entry]:
    """Return the erasures of the ledger that the log of the database lacks.

    Do not look for those that are known as applied, and add those that are found.
    """
    entries = [each for each in eraser.ledger.read() if each not in applied]
    async with eraser.database.reading() as session:
        found = ErasureRepository(session)
        missing = [each for each in entries if not await is_applied(found, each)]
    applied.update(set(entries) - set(missing))
    return missing


async def is_applied(found: ErasureRepository, entry: Entry) -> bool:
    person = find_person(entry.erasure.entity, entry.erasure.id)
    return await found.is_recorded(person, entry.at)


async def reapply(eraser: Eraser) -> int:
    """Erase again whom the database lacks; return their number.

    Raises:
        HeldException: a legal hold forbids it. It was released after the backup.
    """
    missing = await find_missing(eraser, set())
    for entry in missing:
        erasure = entry.erasure
        person = find_person(erasure.entity, erasure.id)
        await eraser.apply(person, erasure.reason)
        eraser.ledger.append(erasure, State.DONE)
    return len(missing)
