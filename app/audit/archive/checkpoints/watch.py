"""Memory of the newest checkpoint that this process has seen of each log."""

import structlog

from app.audit.archive.checkpoints.growth import frontier_of
from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.logs import Log
from app.core.db.database import Database

logger = structlog.get_logger()


class HeadWatch:
    """Detect that the tree in the database lost what it had, or has something else."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.heads: dict[str, tuple[int, str]] = {}
        self.alarms: dict[str, str] = {}

    async def remember(self, log: Log) -> None:
        async with self.database.reading() as session:
            seal = await TreeRepository(session, log).get_newest()
        if seal and seal.size is not None and log.name not in self.alarms:
            self.heads[log.name] = seal.size, seal.root

    async def check(self, log: Log) -> None:
        """Raise the alarm unless the tree still has the checkpoint; log that once."""
        size, root = self.heads.get(log.name, (0, ""))
        if not size or log.name in self.alarms:
            return
        async with self.database.reading() as session:
            seal = await TreeRepository(session, log).get_by_size(size)
        # The next seal continues the edge, not the root.
        edge = frontier_of(seal).head.root.hex()
        if seal is None or seal.root != root or edge != root:
            fault = "is missing" if seal is None else "was replaced"
            self.alarms[log.name] = f"the checkpoint of {log.name} at {size} {fault}"
            logger.error("audit_log_rewritten", log=log.name, size=size, fault=fault)

    def state(self) -> str:
        """Return the state for /readyz. An alarm stays until a restart."""
        if self.alarms:
            return f"alarm: {'; '.join(self.alarms.values())}. Run `verify`"
        return "ok"
