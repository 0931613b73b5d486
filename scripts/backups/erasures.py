"""Erasures that a restored database lacks, and that the ledger has."""

import asyncio
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.exceptions import ErasureException
from app.audit.erasure.ledger import open_ledger
from app.audit.erasure.reapplying import reapply
from app.core.config import Settings
from app.core.context import Context, new_context
from app.core.db.migrations import check_head
from app.core.exceptions import AppException
from app.main import open_database

REAPPLY = """\
Erase again who was erased since the backup ({reason}):
       python scripts/personal_data.py reapply"""


def reapply_erasures(settings: Settings) -> Iterator[str]:
    """Erase again who was erased since the backup; yield a step if that fails."""
    if not settings.PERSONAL_KEYS_URL:
        return
    try:
        with new_context(Context(actor_label="restore")):
            count = asyncio.run(reapply_all(settings))
    except (ErasureException, AppException, SQLAlchemyError, OSError) as error:
        yield REAPPLY.format(reason=str(error).partition("\n")[0].rstrip("."))
    else:
        print(f"Erasures since the backup that were applied again: {count}.")


async def reapply_all(settings: Settings) -> int:
    async with open_database(settings) as database:
        if fault := await check_head(database):
            raise ErasureException(fault)
        return await reapply(Eraser(database, open_ledger(settings)))
