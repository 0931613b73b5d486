"""Listener that rejects writes to entity tables that the change log does not record.

It inspects the SQL text just before the driver executes it, and so covers Core, text()
and upserts alike.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Connection, TextClause

from app.audit.changes.change_row import insert_rows, unaudited_row
from app.audit.changes.change_time import log_position
from app.audit.changes.sql.names import Write
from app.audit.changes.sql.writes import ends_transaction, find_writes
from app.audit.changes.tables import RECORDED, Tables
from app.core.db.driver.execution import begun_driver
from app.core.observability.counts import WRITES_REFUSED, counts

# The recorder of the flush in progress.
_recorder: ContextVar[Any] = ContextVar("recorder", default=None)
_reason: ContextVar[str | None] = ContextVar("reason", default=None)
logger = structlog.get_logger()


class UnauditedWriteError(RuntimeError):
    """A write that the change log can't record: an error in the calling code."""


@contextmanager
def flushing(recorder: Any) -> Iterator[None]:
    """Let the statements of a flush pass the guard; the recorder's listeners record it.

    Statements that other listeners execute during the flush are inspected as any other.
    Without a recorder, all statements are inspected.
    """
    token = _recorder.set(recorder)
    try:
        yield
    finally:
        _recorder.reset(token)


def flush_recorder() -> Any:
    """Return the recorder of the flush in progress, or None."""
    return _recorder.get()


def is_flushing() -> bool:
    return _recorder.get() is not None


@contextmanager
def unaudited(reason: str) -> Iterator[None]:
    """Let writes pass the guard; log only the reason and the table of each statement.

    An UPDATE must increment `version`. Otherwise sessions that have loaded the row do
    not detect that it is stale.
    """
    logger.warning("unaudited_writes", reason=reason)
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)


def record_unaudited(
    connection: Connection, reason: str, tables: Iterable[str]
) -> None:
    """Record one unaudited write to each table."""
    position = log_position(connection).values()
    insert_rows(connection, [unaudited_row(reason, it) | position for it in tables])


class Guard:
    """`before_cursor_execute` listener that rejects unrecorded writes.

    A write passes only to a table that is known and holds neither entities nor the
    change log. A view, or a table of another schema, is not known.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.guarded_writes = lru_cache(maxsize=1024)(self._guarded_writes)

    def __call__(
        self,
        connection: Connection,
        _: Any,
        sql: str,
        given: Any,
        context: Any,
        *__: Any,
    ) -> tuple[str, Any]:
        """Return the statement as it is given, which saves a wrapper of SQLAlchemy."""
        dialect = connection.dialect.name
        writes = self.guarded_writes(sql, dialect)
        if writes and not self.is_recorded(writes, context):
            self.record(connection, sql, writes)
        if is_flushing() and ends_transaction(sql, dialect) and is_text(context):
            raise UnauditedWriteError(
                "What a flush writes is committed with its entries, or not at all: "
                "neither COMMIT nor ROLLBACK can be executed in a flush"
            )
        return sql, given

    def record(
        self, connection: Connection, sql: str, writes: tuple[Write, ...]
    ) -> None:
        if (reason := _reason.get()) is None:
            counts[WRITES_REFUSED] += 1
            raise UnauditedWriteError(
                "The change log does not record this write. Change the entity in a "
                f"session, or use unaudited('reason'). SQL: {sql[:200]}"
            )
        record_unaudited(connection, reason, [write.table for write in writes])

    def is_recorded(self, writes: tuple[Write, ...], context: Any) -> bool:
        """Return whether the statement is marked, and is only the marked write."""
        options = context.execution_options if context else {}
        tables = options.get(RECORDED, frozenset())
        if is_flushing():
            tables |= self.tables.of_unit_of_work(options)
        write = writes[0]
        return len(writes) == 1 and write.table in tables and not write.resolves

    def _guarded_writes(self, sql: str, dialect: str) -> tuple[Write, ...]:
        """Return the writes that need a record, in the order of the text."""
        found = find_writes(sql, dialect)
        return tuple(write for write in found if not self.tables.is_exempt(write))


def require_transaction(connection: Connection) -> None:
    """Raise UnauditedWriteError if changes would be committed before their entries."""
    if not begun_driver(connection).is_in_transaction():
        raise UnauditedWriteError(
            "No transaction is open: the isolation level is AUTOCOMMIT, or a text such "
            "as COMMIT has ended it"
        )


def is_text(context: Any) -> bool:
    """Return whether a statement is a text, and none that SQLAlchemy has made."""
    compiled = getattr(context, "compiled", None)
    return compiled is None or isinstance(compiled.statement, TextClause)
