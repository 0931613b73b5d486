"""Listener that rejects writes to entity tables that the change log does not record.

It inspects the SQL text just before the driver executes it, and so covers Core, text()
and upserts alike.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Connection, Table, insert
from sqlalchemy.sql.dml import UpdateBase

from app.audit.changes.change_row import unaudited_row
from app.audit.changes.change_time import log_time
from app.audit.models import AuditChange

LOCKING_CLAUSE = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)
WRITE_VERB = re.compile(
    r"\b(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|COPY|DROP|ALTER)\b", re.IGNORECASE
)
# Only the listeners insert into the change log: an entry requires a change.
CHANGE_LOG_INSERT = re.compile(r"\bINTO\s+\W?audit_change\b", re.IGNORECASE)

_is_audited: ContextVar[bool] = ContextVar("is_audited", default=False)
_reason: ContextVar[str | None] = ContextVar("reason", default=None)
logger = structlog.get_logger()


class UnauditedWriteError(RuntimeError):
    """A write that the change log can't record: an error in the calling code."""


@contextmanager
def audited_writes() -> Iterator[None]:
    """Let writes pass the guard; the caller records them in the change log."""
    token = _is_audited.set(True)
    try:
        yield
    finally:
        _is_audited.reset(token)


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


class Guard:
    """`before_cursor_execute` listener that rejects unrecorded writes to `tables`.

    It rejects SQL that contains a write verb and a guarded name anywhere, unless the
    only verb belongs to a SQLAlchemy statement that writes to another table.
    """

    def __init__(self, tables: list[str]) -> None:
        words = "|".join(map(re.escape, tables))
        self.table_names = re.compile(rf"\b({words})\b", re.IGNORECASE)
        self.guarded_table = lru_cache(maxsize=1024)(self._guarded_table)

    def __call__(
        self, connection: Connection, _: Any, sql: str, __: Any, context: Any, *___: Any
    ) -> None:
        if _is_audited.get():
            return
        table = self.guarded_table(sql, target_table(context))
        if table is None:
            return
        if (reason := _reason.get()) is None:
            raise UnauditedWriteError(
                "The change log does not record this write. Change the entity in a "
                f"session, or use unaudited('reason'). SQL: {sql[:200]}"
            )
        with audited_writes():
            row = unaudited_row(reason, table) | {"at": log_time(connection)}
            connection.execute(insert(AuditChange), row)

    def _guarded_table(self, sql: str, target: str | None) -> str | None:
        """Return the guarded table that `sql` may write to, or None."""
        verbs = WRITE_VERB.findall(LOCKING_CLAUSE.sub("", sql))
        if not verbs or (
            len(verbs) == 1 and target and not self.table_names.fullmatch(target)
        ):
            return None
        found = self.table_names.search(sql) or CHANGE_LOG_INSERT.search(sql)
        return found and found[0].lower()


def target_table(context: Any) -> str | None:
    """Return the table that a SQLAlchemy statement writes to; None for text."""
    compiled = context and context.compiled
    statement = compiled and compiled.statement
    if not isinstance(statement, UpdateBase) or not isinstance(statement.table, Table):
        return None
    name = statement.table.name
    return None if name == AuditChange.__tablename__ else name
