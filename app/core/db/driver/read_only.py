"""Rejection of writes in a read-only session."""

from typing import Any

READ_ONLY = "This session is read-only; open one with Database.writing()"


class ReadOnlyError(RuntimeError):
    """Write attempted in a read-only session. A programming error."""


def reject_write(connection: Any, statement: Any, *_: Any) -> None:
    if statement.is_dml:
        raise ReadOnlyError(READ_ONLY)
