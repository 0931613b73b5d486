"""The age of the oldest row that is not sealed, for /readyz."""

import time
from datetime import datetime, timedelta

from app.audit.archive.logs import LOGS, Log
from app.audit.archive.seals.order import OrderRepository
from app.core.clock import now
from app.core.db.database import Database

TOLERANCE = timedelta(minutes=5)


class Backlog:
    """Oldest unsealed rows after the last complete sealing, and its time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.oldest: dict[str, datetime] = {}
        self.measured = time.monotonic()

    async def measure(self) -> None:
        """Note the oldest unsealed rows, after a sealing."""
        self.oldest = {}
        for log in LOGS.values():
            if at := await oldest_unsealed(self.database, log):
                self.oldest[log.name] = at
        self.measured = time.monotonic()

    def age(self) -> timedelta:
        """Return the age of the oldest row, or of the last sealing without any."""
        since = timedelta(seconds=time.monotonic() - self.measured)
        return max([since, *(now() - at for at in self.oldest.values())])

    def state(self) -> str:
        """Return the state for /readyz."""
        since = timedelta(seconds=time.monotonic() - self.measured)
        if since > TOLERANCE:
            return f"behind: no sealing was completed for {describe_age(since)}"
        for name, at in self.oldest.items():
            if (age := now() - at) > TOLERANCE:
                return f"behind: {name} has an unsealed row {describe_age(age)} old"
        return "ok"


async def oldest_unsealed(database: Database, log: Log) -> datetime | None:
    async with database.reading() as session:
        return await OrderRepository(session, log).get_oldest_unsealed()


def describe_age(age: timedelta) -> str:
    """Return an age in whole minutes, as text."""
    minutes = age // timedelta(minutes=1)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
