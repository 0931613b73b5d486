"""Commands for legal holds."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from app.audit.archive.exceptions import ArchiveException
from app.audit.archive.holds import HoldRepository
from app.audit.archive.models import AuditHold
from app.core.context import current_context
from app.core.db.database import Database
from scripts.archive.runner import run_with_database

app = typer.Typer(
    help="Place and release legal holds. Held changes are not archived.",
    rich_markup_mode=None,
)


@app.command("place")
def place(
    entity: Annotated[str, typer.Argument(help="Entity type, for example Product.")],
    reason: Annotated[str, typer.Option(help="Reason, for the record.")],
    id: Annotated[
        UUID | None, typer.Option(help="Id of one entity. Default: all of this type.")
    ] = None,
) -> None:
    """Place a hold. Runs do not archive the entity's changes until its release."""

    async def add(database: Database) -> AuditHold:
        by = current_context().actor_label or ""
        hold = AuditHold(entity=entity, entity_id=id, reason=reason, placed_by=by)
        async with database.writing() as session:
            holds = HoldRepository(session)
            if not await holds.has_changes(entity):
                raise ArchiveException(
                    f"Unknown entity type: {entity}. The change log has no row of it; "
                    "no hold was placed."
                )
            await holds.add_hold(hold)
        return hold

    print(f"Hold {run_with_database(add).id} placed.")


@app.command("release")
def release(
    id: Annotated[UUID, typer.Argument(help="Id of the hold, as shown by `status`.")],
) -> None:
    """Release a hold. The next run can archive the changes."""

    async def end(database: Database) -> datetime | None:
        by = current_context().actor_label or ""
        async with database.writing() as session:
            hold = await HoldRepository(session).release_hold(id, by)
        if hold is None:
            raise ArchiveException(f"No active hold has the id {id}. See `status`.")
        return hold.released_at

    run_with_database(end)
    print(f"Hold {id} released.")
