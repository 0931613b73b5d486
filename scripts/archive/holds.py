"""Commands for legal holds."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from app.audit.archive.exceptions import UsageException
from app.audit.archive.hold_targets import HoldTargets
from app.audit.archive.holds import HoldRepository
from app.audit.archive.models import AuditHold
from app.core.config import settings
from app.core.context import current_context
from app.core.db.database import Database
from scripts.archive.options import Dest
from scripts.archive.runner import run_with_database

app = typer.Typer(
    help="Place and release legal holds. Held changes are not archived.",
    rich_markup_mode=None,
)

MAX_REASON_LENGTH = 500  # as the column


def check_reason(reason: str) -> str:
    if not reason.strip() or not reason.isprintable():
        raise typer.BadParameter("must be printable text")
    if len(reason) > MAX_REASON_LENGTH:
        raise typer.BadParameter(f"must have at most {MAX_REASON_LENGTH} characters")
    return reason


@app.command("place")
def place(
    entity: Annotated[str, typer.Argument(help="Entity type, for example Product.")],
    reason: Annotated[
        str, typer.Option(callback=check_reason, help="Reason, for the record.")
    ],
    id: Annotated[
        UUID | None, typer.Option(help="Id of one entity. Default: all of this type.")
    ] = None,
    dest: Dest = "",
    force: Annotated[
        bool, typer.Option("--force", help="Accept an id without any change.")
    ] = False,
) -> None:
    """Place a hold. Runs do not archive the entity's changes until its release."""

    async def add(database: Database) -> AuditHold:
        targets = HoldTargets(database, settings, dest or settings.AUDIT_ARCHIVE_DIR)
        name = await targets.find_entity_type(entity)
        if id and not force:
            await targets.check_record(name, id)
        by = current_context().actor_label or ""
        hold = AuditHold(entity=name, entity_id=id, reason=reason, placed_by=by)
        async with database.writing() as session:
            await HoldRepository(session).add_hold(hold)
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
            raise UsageException(
                f"No active hold has the id {id}. `status` lists the holds."
            )
        return hold.released_at

    run_with_database(end)
    print(f"Hold {id} released.")
