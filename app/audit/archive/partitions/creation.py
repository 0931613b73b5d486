"""Creation of the partitions of the months to come."""

from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from app.audit.archive.logs import Log
from app.audit.archive.partitions.months import MONTHS, Month, months_from
from app.audit.archive.partitions.repository import Partition, list_partitions
from app.audit.archive.partitions.schema import PartitionSchema, is_locked_out
from app.core.clock import now
from app.core.db.database import Database


async def create_months(database: Database, log: Log) -> list[str]:
    """Create missing partitions; return a sentence for each, and for a failure."""
    async with database.reading() as session:
        partitions = await list_partitions(session, log)
    default = next((each.name for each in partitions if each.is_default), None)
    if default is None:
        return [f"{log.live.name} has no default partition. None was created."]
    notes: list[str] = []
    for month in missing_months(partitions):
        try:
            async with database.writing() as session:
                name = await PartitionSchema(session, log).create(month, default)
        except DBAPIError as error:
            if not is_locked_out(error):
                raise
            name = month.partition_of(log.live.name)
            return [*notes, f"{default} is in use. The next run creates {name}."]
        notes.append(f"Created the partition {name}.")
    return notes


def missing_months(partitions: list[Partition]) -> Iterator[Month]:
    for month in months_from(now(), MONTHS):
        if not any(each.includes(month.first_id) for each in partitions):
            yield month
