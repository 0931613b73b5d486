"""Exceptions of the proof endpoints."""

from uuid import UUID

from app.core.exceptions import AppException, ConflictException, NotFoundException

SEAL_SECONDS = "60"


class UnknownRowException(NotFoundException):
    def __init__(self, id: UUID) -> None:
        super().__init__(f"The audit log has no entry {id}")


class NoCheckpointException(NotFoundException):
    def __init__(self, log: str) -> None:
        super().__init__(f"Nothing of {log} is sealed yet")


class UnknownSizeException(NotFoundException):
    def __init__(self, size: int) -> None:
        super().__init__(f"`from` and `to` must be in this order, and up to {size}")


class NotSealedException(ConflictException):
    """The row will be in the tree after the next sealing."""

    code = "not_sealed"
    headers = {"Retry-After": SEAL_SECONDS}

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Entry {id} is not sealed yet; rows are sealed once a minute")


class ArchivedRowException(AppException):
    """The row is sealed, but only its archive file has the bytes to prove."""

    status = 410
    code = "archived"

    def __init__(self, id: UUID) -> None:
        super().__init__(
            f"If entry {id} exists, it is in cold storage: ask an administrator to run "
            "scripts/archive_audit.py prove"
        )


class ArchivedLeavesException(AppException):
    """Only archive files have leaves that the proof needs."""

    status = 410
    code = "archived"

    def __init__(self) -> None:
        super().__init__(
            "This proof needs leaves that are in cold storage: ask an administrator to "
            "run scripts/archive_audit.py consistency"
        )
