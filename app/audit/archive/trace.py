"""Change-log entries of the archiver's own actions."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.files.manifest import Manifest
from app.audit.archive.logs import Log
from app.audit.changes.change_row import insert_rows, unaudited_row
from app.audit.changes.change_time import log_position


async def record_action(
    session: AsyncSession, entity: str, reason: str, details: dict[str, Any]
) -> None:
    """Insert an UNAUDITED row into the change log, in the action's transaction."""
    connection = await session.connection()
    position = await connection.run_sync(log_position)
    row = unaudited_row(reason, entity) | position.values() | {"new": details}
    await connection.run_sync(insert_rows, [row])


async def record_file(
    session: AsyncSession, log: Log, manifest: Manifest, held: int
) -> None:
    """Record that the rows of a file are archived, except those on legal hold."""
    details = {"file": manifest.data_path, "rows": manifest.count, "held": held}
    await record_action(session, log.live.name, "archived", details)
