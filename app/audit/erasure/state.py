"""State of the erasures for /readyz: whether the database has all of the ledger."""

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.erasure.eraser import Eraser
from app.audit.erasure.exceptions import ErasureException
from app.audit.erasure.ledger import open_ledger
from app.audit.erasure.reapplying import find_missing
from app.audit.personal.exceptions import KeysUnavailableException
from app.core.config import Settings
from app.core.db.database import Database

REAPPLY = "run `python scripts/personal_data.py reapply`"

logger = structlog.get_logger()


async def erasure_notes(
    database: Database, settings: Settings
) -> dict[str, Callable[[], str]]:
    """Return the state for /readyz, as it is at the start: that follows each restore.

    None if personal values are in clear.
    """
    if not settings.PERSONAL_KEYS_URL:
        return {}
    state = await describe_erasures(database, settings)
    if state != "ok":
        logger.error("personal_data", reason=state)
    return {"personal_data": lambda: state}


async def describe_erasures(database: Database, settings: Settings) -> str:
    try:
        eraser = Eraser(database, open_ledger(settings))
        await eraser.require_keys()
        missing = len(await find_missing(eraser))
    except (ErasureException, KeysUnavailableException) as error:
        return str(error)
    except (SQLAlchemyError, OSError) as error:
        return f"not checked: {type(error).__name__}"
    return f"{missing} erasures are not applied: {REAPPLY}" if missing else "ok"
