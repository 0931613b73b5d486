"""Listener of a writing session: its flushes, loads and transactions."""

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

from app.core.db.driver.compiled import Row


class FlushListener:
    """Do nothing. Its methods are called as SQLAlchemy emits the session's events."""

    def flushing(self) -> AbstractContextManager[Any]:
        """Return the context in which a flush is executed."""
        return nullcontext()

    def before_flush(
        self,
        connection: Connection,
        new: Collection[Any],
        changed: Collection[Any],
    ) -> None:
        """Handle a flush that will write, before its first statement."""

    def after_flush(self, connection: Connection) -> None:
        """Handle a flush, after its last statement."""

    def loaded(self, record: SQLModel, row: Row) -> None:
        """Handle the row that a record was made of, in this transaction."""

    def transaction_ended(self) -> None:
        """Handle a COMMIT or ROLLBACK."""
