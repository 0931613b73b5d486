"""Exceptions of the export."""

from app.audit.archive.exceptions import ArchiveException


class ForeignCursorException(ArchiveException):
    """A database that was restored on another server has lower numbers."""

    def __init__(self) -> None:
        super().__init__(
            "The cursor is of a database that this one has replaced: export from a "
            "time on, with --since and without a cursor"
        )
