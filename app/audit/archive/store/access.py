"""Operations that a folder and a bucket implement, each in its own way."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import BinaryIO

from app.audit.archive.logs import LogName


class FileAccess(ABC):
    """Files by paths relative to the archive: `changes/2026/11/2026-11-23.0001`.

    A file appears as a whole, and is never replaced. Methods raise FileNotFoundError if
    a file is missing, and OSError or StoreException if the storage fails.
    """

    location: str  # for messages

    @abstractmethod
    def list_paths(self, log: LogName) -> Iterable[str]:
        """Return the paths of a log's files.

        A path that cannot be printed is escaped: the application has written none such.
        """

    @abstractmethod
    def list_irregular(self, log: LogName) -> list[str]:
        """Return what is neither a file nor a folder: links, FIFOs, devices."""

    @abstractmethod
    def open_file(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file to read it from its beginning to its end.

        Raises:
            VerificationException: something else is in its place.
        """

    @abstractmethod
    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes [start, end); fewer if the file ends before."""

    @abstractmethod
    def open_atomic(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a file, which has its name once it is complete and durable.

        Raises:
            VerificationException: a file has this name already.
        """

    @abstractmethod
    def file_exists(self, name: str) -> bool:
        """Return whether anything has this name."""

    @abstractmethod
    def allow_replacement(self, base: str) -> None:
        """Let an unfinished file with this base path be written again."""

    @abstractmethod
    def remove_files(self, base: str) -> None:
        """Remove the files with this base path, also those half written."""

    @abstractmethod
    def remove_partial(self, base: str) -> None:
        """Remove the files with this base path that are half written."""

    @abstractmethod
    def get_size(self, name: str) -> int:
        """Return the size of a file, in bytes."""
