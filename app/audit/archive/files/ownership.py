"""The file `identity.json`, which names the archive that a folder belongs to."""

from uuid import UUID

import orjson

from app.audit.archive.canonical import MALFORMED, encode_json
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.identity import read_archive_id
from app.audit.archive.store.store import Store
from app.core.db.database import Database

IDENTITY_FILE = "identity.json"
FOREIGN = (
    "{location} is the archive of another database: its id is {found}, that of this "
    "database {own}. Give this database a folder of its own (--dest or "
    "AUDIT_ARCHIVE_DIR)."
)
NO_IDENTITY = (
    "{location} is the archive of another database, or this one was restored from a "
    "backup that had no identity yet: the folder's id is {found}. Run `adopt` after a "
    "restore, else give this database a folder of its own (--dest or "
    "AUDIT_ARCHIVE_DIR)."
)
DAMAGED = (
    f"{IDENTITY_FILE} is damaged. Investigate, and restore it from a backup of the "
    "folder."
)


def read_identity(store: Store) -> UUID | None:
    """Return the id of the folder's archive, or None if it has none.

    Raises:
        VerificationException: the file is damaged.
    """
    try:
        return UUID(orjson.loads(store.read_file(IDENTITY_FILE))["archive"])
    except FileNotFoundError:
        return None
    except MALFORMED:
        raise VerificationException(DAMAGED) from None


def write_identity(store: Store, archive: UUID) -> None:
    """Write the id into a folder that has none."""
    store.write_file(IDENTITY_FILE, encode_json({"archive": archive}) + b"\n")


async def find_identity_error(database: Database, store: Store) -> str | None:
    """Return why the folder is not that of this database, or None."""
    try:
        await check_identity(database, store)
    except VerificationException as error:
        return str(error)
    return None


def find_foreign_error(
    store: Store, found: UUID | None, own: UUID | None
) -> str | None:
    """Return why these ids of the folder and the database differ, or None."""
    if None in (found, own) or found == own:
        return None
    return FOREIGN.format(location=store.location, found=found, own=own)


async def check_identity(database: Database, store: Store) -> UUID | None:
    """Return the id of the folder's archive, or None if it has none.

    Raises:
        VerificationException: the folder is that of another database, or the file that
            says so is damaged.
    """
    found = read_identity(store)
    async with database.reading() as session:
        own = await read_archive_id(session)
    if found and own is None:
        raise VerificationException(
            NO_IDENTITY.format(location=store.location, found=found)
        )
    if error := find_foreign_error(store, found, own):
        raise VerificationException(error)
    return found
