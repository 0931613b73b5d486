"""Refuses every write to an entity's table that the audit could not see.

It reads the SQL itself, at the last moment before the driver does. So it is all
one whether the words came from Core, from text() or from an upsert.
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
from app.audit.models import AuditChange

LOCKS = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)
WRITES = re.compile(
    r"\b(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|COPY|DROP|ALTER)\b", re.IGNORECASE
)
# Nobody else adds to the log, either: a row without a change is a lie as well.
FORGED = re.compile(r"\bINTO\s+\W?audit_change\b", re.IGNORECASE)

_seen: ContextVar[bool] = ContextVar("seen", default=False)
_reason: ContextVar[str | None] = ContextVar("reason", default=None)
logger = structlog.get_logger()


class UnauditedWriteError(RuntimeError):
    """A bug of ours: this write would leave no trace in the history."""


@contextmanager
def seen_by_audit() -> Iterator[None]:
    token = _seen.set(True)
    try:
        yield
    finally:
        _seen.reset(token)


@contextmanager
def unaudited(reason: str) -> Iterator[None]:
    """Let writes pass whose values are not recorded; each leaves a row that says why.

    Raise `version` in such an UPDATE, or open sessions will trust a stale row.
    """
    logger.warning("unaudited_writes", reason=reason)
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)


class Guard:
    """The listener that keeps unseen SQL away from these tables.

    It errs towards refusing: a write verb and a guarded name anywhere will do, unless
    the one verb is that of a statement whose table is known to be another.
    """

    def __init__(self, tables: list[str]) -> None:
        words = "|".join(map(re.escape, tables))
        self.names = re.compile(rf"\b({words})\b", re.IGNORECASE)
        self.touched = lru_cache(maxsize=1024)(self._touched)

    def __call__(
        self, connection: Connection, _: Any, sql: str, __: Any, context: Any, *___: Any
    ) -> None:
        if _seen.get() or not (table := self.touched(sql, target_of(context))):
            return
        if (reason := _reason.get()) is None:
            raise UnauditedWriteError(
                "This write to an entity would escape the audit. Change the entity "
                f"in a session, or say unaudited('why'). The SQL was: {sql[:200]}"
            )
        with seen_by_audit():
            connection.execute(insert(AuditChange), unaudited_row(reason, table))

    def _touched(self, sql: str, target: str | None) -> str | None:
        """Return the guarded table that this writes, as far as one can tell."""
        verbs = WRITES.findall(LOCKS.sub("", sql))
        if not verbs or (
            len(verbs) == 1 and target and not self.names.fullmatch(target)
        ):
            return None
        found = self.names.search(sql) or FORGED.search(sql)
        return found and found[0].lower()


def target_of(context: Any) -> str | None:
    """Return the table that a statement of SQLAlchemy's writes; None for text."""
    compiled = context and context.compiled
    statement = compiled and compiled.statement
    if not isinstance(statement, UpdateBase) or not isinstance(statement.table, Table):
        return None
    name = statement.table.name
    return None if name == AuditChange.__tablename__ else name
