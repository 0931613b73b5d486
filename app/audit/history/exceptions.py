"""Exceptions of the history endpoints."""

from datetime import datetime

from app.core.exceptions import AppException


class ArchivedException(AppException):
    """The state may depend on changes that are in cold storage only."""

    status = 410
    code = "archived"

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(
            f"Changes of {name} before {until.isoformat()} may be in cold storage: "
            "ask an administrator to run scripts/archive_audit.py query"
        )
