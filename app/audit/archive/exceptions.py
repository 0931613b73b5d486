"""Exceptions of the archive commands; each has an exit code."""

from typing import ClassVar


class ArchiveException(Exception):
    """A command failed. The next run resumes the unfinished file."""

    exit_code: ClassVar[int] = 1


class UsageException(ArchiveException):
    """An argument does not fit the data. Nothing was changed."""

    exit_code = 2


class LockedException(ArchiveException):
    """Another archive command holds the lock."""

    exit_code = 3


class VerificationException(ArchiveException):
    """Stored data is not as it was sealed or recorded. No row is deleted."""

    exit_code = 4


class TimeLimitException(ArchiveException):
    """The limit --max-seconds was reached."""

    exit_code = 5


class StoreException(ArchiveException):
    """The archive's storage is away, full, too slow, or denies access."""
