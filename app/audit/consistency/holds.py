"""Legal holds, compared with their entries in the change log.

A hold that SQL has removed or released keeps no changes live any more.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, type_coerce
from sqlalchemy.types import NULLTYPE
from sqlmodel import col

from app.audit.archive.files.repository import FileRepository
from app.audit.archive.holds import hold_values
from app.audit.archive.logs import CHANGES
from app.audit.archive.models import AuditHold
from app.audit.archive.rows.entities import read_readable
from app.audit.archive.rows.reading import read_rows
from app.audit.models import Action
from app.core.db.session import DatabaseSession

LOG = CHANGES.live.c
# An entry has the time of its transaction, and whole days are archived.
MARGIN = timedelta(days=1)
TABLE = AuditHold.__tablename__
UNLOGGED = "The legal hold {id} on {entity} was {done} without an entry in the log"


async def find_unlogged_holds(session: DatabaseSession) -> list[str]:
    """Return a sentence, without its full stop, for each hold that differs."""
    archived = await FileRepository(session).last_pruned()
    query = select(LOG.reason, LOG.new).where(
        LOG.entity == TABLE, LOG.action == Action.UNAUDITED
    )
    logged: dict[str, dict[str, Any]] = {"held": {}, "released": {}}
    for row in await read_rows(session, query):
        values = row["new"] if isinstance(row["new"], dict) else {}
        if row["reason"] in logged and isinstance(values.get("id"), str):
            logged[row["reason"]][values["id"]] = values
    key = type_coerce(col(AuditHold.id), NULLTYPE)
    holds = await read_readable(session, select(AuditHold), key)
    return [*compare(holds, logged["held"], logged["released"], archived)]


def compare(
    holds: list[AuditHold],
    held: dict[str, Any],
    released: dict[str, Any],
    archived: datetime | None,
) -> Iterator[str]:
    """Yield what was done without an entry; those of archived times are not known.

    A hold was released after it was placed: if the log has that, it has the other.
    """
    for hold in holds:
        values, id = hold_values(hold), str(hold.id)
        entry = (released if hold.released_at else held).get(id)
        done = "released" if hold.released_at else "placed"
        at = hold.released_at or hold.placed_at
        if id in released and not hold.released_at:
            yield describe("placed again", values)
        elif entry is None and (id in held or is_live(at, archived)):
            yield describe(done, values)
        elif entry and entry != values:
            yield describe("changed", values)
    known = {str(hold.id) for hold in holds}
    for id, values in (held | released).items():
        if id not in known:
            yield describe("removed", values)


def is_live(at: datetime, archived: datetime | None) -> bool:
    """Return whether an entry of this time cannot be archived."""
    return archived is None or at > archived + MARGIN


def describe(done: str, values: dict[str, Any]) -> str:
    entity = f"{values.get('entity')} {values.get('entity_id') or ''}".strip()
    return UNLOGGED.format(id=values["id"], entity=entity, done=done)
