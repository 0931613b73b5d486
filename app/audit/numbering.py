"""Numbers of the transactions that write to the logs, which order their rows.

On PostgreSQL the number is the id of the transaction (xid8), set by the column's
default: also in rows that other programs insert. SQLite has no such id. There the
number is the time in microseconds, but greater than every earlier one.
"""

from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import BigInteger, BindParameter, bindparam, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import functions

from app.core.clock import TICK, now, to_ticks

# No clock gave a number that is further ahead. It is ignored, because every later one
# would have to follow it.
CENTURY = timedelta(days=36_525) // TICK
MAX_NUMBER = 2**63 - 1
# The caller holds SQLite's write lock. Rows may all be archived, seals are not. Both
# maxima are read from an index alone: each write asks for them.
NEXT = """(
SELECT max(:clock, 1 + coalesce(max(number), 0)) FROM (
    SELECT max(transaction_id) AS number FROM {table}
    WHERE transaction_id < :limit
    UNION ALL SELECT max(transaction_id) FROM audit_seal
    WHERE log = '{log}' AND transaction_id < :limit
))"""


class NextNumber(functions.FunctionElement[int]):
    """The number of the current transaction, as a column default or in a query."""

    inherit_cache = True
    type = BigInteger()
    table: ClassVar[str]
    log: ClassVar[str]


class NextChangeNumber(NextNumber):
    inherit_cache = True
    table, log = "audit_change", "changes"


class NextAccessNumber(NextNumber):
    inherit_cache = True
    table, log = "audit_access", "accesses"


@compiles(NextNumber, "postgresql")
def compile_default(*_: Any, **__: Any) -> str:
    return "DEFAULT"


@compiles(NextNumber, "sqlite")
def compile_query(element: NextNumber, compiler: Any, **options: Any) -> str:
    query = NEXT.format(table=element.table, log=element.log)
    clock: BindParameter[int] = bindparam("clock", callable_=clock_number, unique=True)
    limit: BindParameter[int] = bindparam("limit", callable_=number_limit, unique=True)
    return str(compiler.process(text(query).bindparams(clock, limit), **options))


def clock_number() -> int:
    return to_ticks(now())


def number_limit() -> int:
    """Return the number that none of SQLite's reaches."""
    return clock_number() + CENTURY
