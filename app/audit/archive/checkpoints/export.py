"""Export of checkpoints and keys."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.identity import read_archive_id
from app.audit.archive.logs import LOGS, Log
from app.audit.archive.tree.signing_keys import SigningKeys, log_name
from app.core.config import Settings
from app.core.db.database import Database
from app.core.exceptions import NotFoundException


async def read_checkpoints(session: AsyncSession) -> list[str]:
    """Return the newest signed note of each log that has one."""
    trees = [TreeRepository(session, log) for log in LOGS.values()]
    seals = [await tree.get_newest() for tree in trees]
    return [seal.note for seal in seals if seal and seal.note]


async def export_checkpoints(database: Database) -> str:
    """Return the newest notes, one after the other."""
    async with database.reading() as session:
        return "".join(await read_checkpoints(session))


async def get_verifier_key(session: AsyncSession, settings: Settings, log: Log) -> str:
    """Return the public key that signs the log's checkpoints now."""
    archive = await read_archive_id(session)
    if archive is None:
        raise NotFoundException("Nothing is sealed yet, so the log has no name")
    name = log_name(archive, log.name)
    return str(SigningKeys.from_settings(settings).current(name).verifier)
