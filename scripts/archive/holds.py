"""The commands for legal holds."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from app.audit.archive.exceptions import ArchiveException
from app.audit.archive.holds import HoldRepository
from app.audit.archive.models import AuditHold
from app.core.context import current_context
from app.core.db.database import Database
from scripts.archive.session import perform

app = typer.Typer(
    help="Legal holds: changes of an entity that no run may take from the live table.",
    rich_markup_mode=None,
)


@app.command("place")
def place(
    entity: Annotated[str, typer.Argument(help="A kind of record, as `Product`.")],
    reason: Annotated[str, typer.Option(help="Why, for those who come after you.")],
    id: Annotated[
        UUID | None, typer.Option(help="One entity. Default: all of its kind.")
    ] = None,
) -> None:
    """Keep an entity's changes live until the hold is released."""

    async def add(database: Database) -> AuditHold:
        by = current_context().actor_label or ""
        hold = AuditHold(entity=entity, entity_id=id, reason=reason, placed_by=by)
        async with database.writing() as session:
            holds = HoldRepository(session)
            if not await holds.knows(entity):
                raise ArchiveException(f"The log knows no {entity}: nothing is held.")
            await holds.add(hold)
        return hold

    print(f"Hold {perform(add).id} is in place.")


@app.command("release")
def release(id: Annotated[UUID, typer.Argument(help="As `status` shows it.")]) -> None:
    """End a hold: the next run may archive what it has kept."""

    async def end(database: Database) -> datetime | None:
        by = current_context().actor_label or ""
        async with database.writing() as session:
            hold = await HoldRepository(session).release(id, by)
        if hold is None:
            raise ArchiveException(f"There is no hold {id}, or no more.")
        return hold.released_at

    perform(end)
    print(f"Hold {id} is released.")
