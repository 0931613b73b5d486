"""Positions in the settled order of a log, and the query for the last settled one."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, select

from app.audit.archive.canonical import RowKey
from app.audit.archive.logs import MIN_ID, MIN_KEY
from app.audit.numbering import MAX_NUMBER
from app.core.db.driver.statements import Prepared


class Position(NamedTuple):
    transaction_id: int
    row_id: UUID


START = Position(-1, MIN_ID)


@dataclass(frozen=True)
class Cursor:
    """Point at which the sealing of a log continues.

    `position` is None until all rows without a number, up to `unnumbered`, are sealed.
    `highest` is the highest position up to which a seal reaches. It exceeds `position`
    if the database was restored on a server whose numbers are lower: then rows beyond
    `position` may be sealed.
    """

    unnumbered: RowKey = MIN_KEY
    position: Position | None = None
    highest: Position = START

    def may_have_sealed(self, row: Position) -> bool:
        """Return whether a row beyond the position may have a leaf."""
        return self.position is not None and row <= self.highest

    def is_unsealed(self, number: int | None, key: RowKey) -> bool:
        """Return whether a row without a leaf lies beyond this cursor."""
        if number is None:
            return self.position is None and key > self.unnumbered
        return self.position is None or Position(number, key[1]) > self.position


@dataclass(frozen=True)
class Horizon:
    """Numbers below `settled` are settled; those from `own` on are not given yet."""

    settled: int = MAX_NUMBER
    own: int = MAX_NUMBER


def number_of(bound: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(cast(bound, Text), BigInteger)


SNAPSHOT = func.pg_current_snapshot()
HORIZON = Prepared(
    select(
        number_of(func.pg_snapshot_xmin(SNAPSHOT)).label("settled"),
        number_of(func.pg_snapshot_xmax(SNAPSHOT)).label("own"),
    )
)
