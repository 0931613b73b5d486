"""Atomic file storage in the archive directory."""

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from app.audit.archive.exceptions import ArchiveException, VerificationException
from app.audit.archive.logs import LogName

CHUNK_BYTES = 1 << 20
SUFFIXES = ("jsonl.gz", "keys", "manifest.json")
ADOPT = "If this database was restored from a backup, run `adopt`."


class Store:
    """Files by paths relative to the directory: `changes/2026/11/2026-11-23.0001`.

    Raises OSError if a file is missing or the disk fails.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        if not directory.is_dir():
            # Never create it: an unmounted disk would look like an empty archive.
            raise ArchiveException(
                f"Archive directory {directory} does not exist. Create or mount it."
            )

    def list_manifests(self, log: LogName) -> list[str]:
        """Return the paths of a log's manifests, by day and number."""
        return self.list_files(log, "manifest.json")

    def list_files(self, log: LogName, suffix: str) -> list[str]:
        found = (self.directory / log).rglob(f"*.{suffix}")
        return sorted(str(path.relative_to(self.directory)) for path in found)

    @contextmanager
    def open_atomic(self, name: str) -> Iterator[BinaryIO]:
        """Write to a temporary file; give it its name after fsync.

        Raises:
            VerificationException: a file has this name already.
        """
        path = self.directory / name
        self.make_directories(path.parent)
        temporary = path.with_name(f"{path.name}.part")
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # unlike a rename, it never replaces a file
        except FileExistsError:
            raise VerificationException(
                f"{name} exists already, and was not replaced. {ADOPT}"
            ) from None
        temporary.unlink()
        sync_directory(path.parent)

    def make_directories(self, directory: Path) -> None:
        """Create and sync missing directories below the archive directory.

        The archive directory is not recreated: if its disk was unmounted, files would
        go to another disk.
        """
        if directory != self.directory and not directory.is_dir():
            self.make_directories(directory.parent)
            directory.mkdir(exist_ok=True)
            sync_directory(directory.parent)

    def write_file(self, name: str, content: bytes) -> None:
        with self.open_atomic(name) as file:
            file.write(content)

    def read_file(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()

    def file_exists(self, name: str) -> bool:
        return (self.directory / name).is_file()

    def find_files(self, base: str) -> list[str]:
        """Return the names of the files with this base path."""
        names = (f"{base}.{suffix}" for suffix in SUFFIXES)
        return [name for name in names if os.path.lexists(self.directory / name)]

    def remove_files(self, base: str, suffix: str = "*") -> None:
        """Remove the files with this base path, by default of any suffix."""
        path = self.directory / base
        for file in path.parent.glob(f"{path.name}.{suffix}"):
            file.unlink()

    def get_size(self, name: str) -> int:
        return (self.directory / name).stat().st_size

    def hash_file(self, name: str) -> str:
        digest = sha256()
        with (self.directory / name).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a gzip file, without newlines.

        Raises:
            VerificationException: the file is truncated or corrupt.
        """
        with (
            self.translate_gzip_errors(name),
            gzip.open(self.directory / name, "rb") as file,
        ):
            for line in file:
                yield line.removesuffix(b"\n")

    def read_members(
        self, name: str, extents: Iterable[tuple[int, int]]
    ) -> Iterator[bytes]:
        """Yield the content of the gzip members at these (start, end) offsets.

        Raises:
            VerificationException: a member is truncated or corrupt.
        """
        with (
            self.translate_gzip_errors(name),
            (self.directory / name).open("rb") as file,
        ):
            for first, last in extents:
                file.seek(first)
                yield gzip.decompress(file.read(last - first))

    @contextmanager
    def translate_gzip_errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise VerificationException(f"{name} is corrupt: {error}") from None


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
