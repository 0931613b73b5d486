"""Rejection of writes in a read-only session."""

from typing import Any


class ReadOnlyError(RuntimeError):
    """Write attempted in a read-only session. A programming error."""

    def __init__(self) -> None:
        super().__init__("This session is read-only; open one with Database.writing()")


def reject_write(connection: Any, statement: Any, *_: Any) -> None:
    if statement.is_dml:
        raise ReadOnlyError
