"""Exceptions of the settled order."""

from app.core.exceptions import AppException


class ChangesArchivedException(AppException):
    status = 410
    code = "archived"

    def __init__(self) -> None:
        super().__init__(
            "Changes after this cursor are in cold storage, or of a database that was "
            "replaced: list the changes without `after`"
        )
