"""Seal all rows; print the number of rows and the seconds as JSON."""

import asyncio
import json
import logging
import time

import structlog

from app.audit.archive.seals.sealer import Sealer
from app.core.config import settings
from app.core.db.database import Database


async def seal() -> None:
    database = Database(settings)
    began = time.monotonic()
    rows = await Sealer(database, settings).seal()
    print(json.dumps({"rows": rows, "seconds": time.monotonic() - began}))
    await database.close()


if __name__ == "__main__":
    warnings = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=warnings)
    asyncio.run(seal())
