"""Why a command of the archiver ends early; each reason has its exit code."""

from typing import ClassVar


class ArchiveException(Exception):
    """Something went wrong. What was not finished is taken up by the next run."""

    exit_code: ClassVar[int] = 1


class LockedException(ArchiveException):
    """Another run is under way."""

    exit_code = 3


class VerificationException(ArchiveException):
    """What is stored is not what it should be: nothing is deleted on such ground."""

    exit_code = 4


class OutOfTimeException(ArchiveException):
    """The time that was given is used up."""

    exit_code = 5
