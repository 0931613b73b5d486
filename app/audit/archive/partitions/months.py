"""Months, the partitions of the access log: their names, and the ids in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.core.db.ids import lowest_id

MONTHS = 24  # that have a partition: this month and those to come


@dataclass(frozen=True, order=True)
class Month:
    """A month (UTC). An id is in the month of its creation."""

    first_day: date

    @classmethod
    def of(cls, at: datetime) -> "Month":
        return cls(at.astimezone(UTC).date().replace(day=1))

    @property
    def next(self) -> "Month":
        return Month((self.first_day + timedelta(days=31)).replace(day=1))

    @property
    def start(self) -> datetime:
        return datetime(self.first_day.year, self.first_day.month, 1, tzinfo=UTC)

    @property
    def first_id(self) -> UUID:
        return lowest_id(self.start)

    def partition_of(self, table: str) -> str:
        return f"{table}_{self.first_day:%Y_%m}"


def months_from(at: datetime, count: int) -> Iterator[Month]:
    month = Month.of(at)
    for _ in range(count):
        yield month
        month = month.next
