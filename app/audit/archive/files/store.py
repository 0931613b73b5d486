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
from app.audit.archive.files.opening import is_irregular, open_file, open_parent
from app.audit.archive.files.writing import create_file, remove_matching
from app.audit.archive.logs import LogName

CHUNK_BYTES = 1 << 20
MAX_BYTES = 64 << 20  # of a manifest or an index, which are read as a whole
MAX_LINE_BYTES = 256 << 20
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
        return self.name_paths(self.list_tree(log, f"*.{suffix}"))

    def list_irregular(self, log: LogName) -> list[str]:
        """Return what is neither a file nor a folder: links, FIFOs, devices."""
        found = [self.directory / log, *self.list_tree(log, "*")]
        return self.name_paths(path for path in found if is_irregular(path))

    def list_tree(self, log: LogName, pattern: str) -> Iterator[Path]:
        folder = self.directory / log
        if not folder.is_symlink():
            yield from folder.rglob(pattern)

    def name_paths(self, paths: Iterable[Path]) -> list[str]:
        return sorted(str(path.relative_to(self.directory)) for path in paths)

    @contextmanager
    def open_atomic(self, name: str) -> Iterator[BinaryIO]:
        """Write to a temporary file; give it its name after fsync.

        Raises:
            VerificationException: a file has this name already.
        """
        try:
            with create_file(self.directory, name) as file:
                yield file
        except FileExistsError:
            raise VerificationException(
                f"{name} exists already, and was not replaced. {ADOPT}"
            ) from None

    def write_file(self, name: str, content: bytes) -> None:
        with self.open_atomic(name) as file:
            file.write(content)

    def read_file(self, name: str) -> bytes:
        """Return the content of a file that is read as a whole."""
        with open_file(self.directory, name) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise VerificationException(f"{name} has more than {MAX_BYTES} bytes.")
        return content

    def file_exists(self, name: str) -> bool:
        """Return whether anything has this name."""
        try:
            with open_parent(self.directory, name) as (folder, base):
                os.stat(base, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def find_files(self, base: str) -> list[str]:
        """Return the names of the files with this base path."""
        names = (f"{base}.{suffix}" for suffix in SUFFIXES)
        return [name for name in names if self.file_exists(name)]

    def remove_files(self, base: str, suffix: str = "*") -> None:
        """Remove the files with this base path, by default of any suffix."""
        remove_matching(self.directory, f"{base}.{suffix}")

    def get_size(self, name: str) -> int:
        with open_file(self.directory, name) as file:
            return os.fstat(file.fileno()).st_size

    def hash_file(self, name: str) -> str:
        digest = sha256()
        with open_file(self.directory, name) as file:
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
            open_file(self.directory, name) as stored,
            gzip.open(stored, "rb") as file,
        ):
            while line := file.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    raise VerificationException(f"{name} has a line without an end.")
                yield line.removesuffix(b"\n")

    def read_members(
        self, name: str, extents: Iterable[tuple[int, int]]
    ) -> Iterator[bytes]:
        """Yield the content of the gzip members at these (start, end) offsets.

        Raises:
            VerificationException: a member is truncated or corrupt.
        """
        with self.translate_gzip_errors(name), open_file(self.directory, name) as file:
            for first, last in extents:
                file.seek(first)
                yield gzip.decompress(file.read(last - first))

    @contextmanager
    def translate_gzip_errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise VerificationException(f"{name} is corrupt: {error}") from None
