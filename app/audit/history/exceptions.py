"""What the past may answer."""

from datetime import datetime

from app.core.exceptions import AppException


class ArchivedException(AppException):
    """It is known, but not here: an administrator can bring it back to be read."""

    status = 410
    code = "archived"

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(
            f"What {name} was before {until.isoformat()} may be in cold storage: "
            "ask an administrator to look there with scripts/archive_audit.py query"
        )
