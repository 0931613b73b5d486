"""Changes of the schema: create the partition of a month, and drop one.

A transaction that waits for a lock blocks all later ones: wait for a short time only.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.append_only import postgresql_trigger
from app.audit.archive.logs import Log
from app.audit.archive.partitions.months import Month
from app.core.db.ids import uuid7
from app.core.db.outages.states import error_code

# For each of up to three locks: the partition, the default one, the log.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '200ms'"
# Waiting for it blocks inserts into this partition only, whose month is over.
INSERT_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"
LOCK_NOT_AVAILABLE = ("55P03", "40P01")  # 40P01: a deadlock, which ends the same way
# As the administrator has set them for the default partition.
STORAGE_PARAMETERS = text("""
SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = to_regclass(:table)
""")
# CREATE TABLE … PARTITION OF would lock the whole log: attach a new table instead.
CREATE = (
    LOCK_TIMEOUT,
    "LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE",
    "CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
    "ALTER TABLE {name} SET ({parameters})",
    "INSERT INTO audit_pruning VALUES ('{permit}')",
    "WITH moved AS (DELETE FROM {default} WHERE id >= '{lower}' AND id < '{upper}' "
    "RETURNING *) INSERT INTO {name} SELECT * FROM moved",
    "DELETE FROM audit_pruning WHERE id = '{permit}'",
    "ALTER TABLE {table} ATTACH PARTITION {name} "
    "FOR VALUES FROM ('{lower}') TO ('{upper}')",
)


class PartitionSchema:
    """Statements of one transaction. All names and ids in them are the program's."""

    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.table = log.live.name

    async def create(self, month: Month, default: str) -> str:
        """Create the partition of a month, and move the month's rows from the default.

        Returns its name.
        """
        name = month.partition_of(self.table)
        found = await self.session.scalar(STORAGE_PARAMETERS, {"table": default})
        values = {"name": name, "default": default, "table": self.table}
        bounds = {"lower": month.first_id, "upper": month.next.first_id}
        for statement in create_statements(values | bounds, found or ""):
            await self.session.execute(text(statement))
        trigger = postgresql_trigger(self.table).on_partition(name)
        await self.session.execute(text(trigger.create))
        return name

    async def block_inserts(self, partition: str) -> None:
        await self.session.execute(text(INSERT_LOCK_TIMEOUT))
        await self.session.execute(text(f"LOCK TABLE {partition} IN SHARE MODE"))

    async def drop(self, partition: str) -> None:
        await self.session.execute(text(LOCK_TIMEOUT))
        await self.session.execute(text(f"DROP TABLE {partition}"))


def create_statements(values: dict[str, str | UUID], parameters: str) -> Iterator[str]:
    permit = uuid7()
    for statement in CREATE:
        if parameters or "{parameters}" not in statement:
            yield statement.format(**values, parameters=parameters, permit=permit)


def is_locked_out(error: DBAPIError) -> bool:
    """Return whether other transactions held a lock for too long."""
    return error_code(error) in LOCK_NOT_AVAILABLE
