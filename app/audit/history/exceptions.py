"""Exceptions of the history endpoints."""

from collections.abc import Iterable
from datetime import datetime

from app.core.exceptions import AppException, ConflictException


class ArchivedException(AppException):
    """The state may depend on changes that are in cold storage only."""

    status = 410
    code = "archived"

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(
            f"Changes of {name} before {until.isoformat()} may be in cold storage: "
            "ask an administrator to run scripts/archive_audit.py query"
        )


def require_live(name: str, since: datetime, archived: datetime | None) -> None:
    """Raise ArchivedException if later changes may be in cold storage only."""
    if archived and since < archived:
        raise ArchivedException(name, archived)


class UnknownStateException(ConflictException):
    """The record can't be shown or restored as it was then.

    A column was added or renamed since, or a value is not valid any more.
    """

    code = "state_unknown"

    def __init__(self, name: str, columns: Iterable[str]) -> None:
        names = ", ".join(sorted(columns))
        super().__init__(
            f"{name} can't be shown as it was then: these values are not known, or not "
            f"valid any more: {names}"
        )
