"""Files of the archive, wherever they are."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256

from app.audit.archive.exceptions import VerificationException
from app.audit.archive.logs import LogName
from app.audit.archive.store.access import FileAccess

CHUNK_BYTES = 1 << 20
MAX_BYTES = 64 << 20  # of a manifest or an index, which are read as a whole
MAX_LINE_BYTES = 256 << 20
MAX_LINES = 50_000  # of a file; gzip stores many more in the same space
UNPROVEN = ("jsonl.gz", "keys")  # without a manifest, which is written last
SUFFIXES = (*UNPROVEN, "manifest.json")
ADOPT = "If this database was restored from a backup, run `adopt`."


class Store(FileAccess):
    """The storage, with what is the same in a folder and in a bucket."""

    def list_manifests(self, log: LogName) -> list[str]:
        """Return the paths of a log's manifests, by day and number."""
        return self.list_files(log, "manifest.json")

    def list_files(self, log: LogName, suffix: str) -> list[str]:
        paths = self.list_paths(log)
        return sorted(path for path in paths if path.endswith(f".{suffix}"))

    def find_files(self, base: str) -> list[str]:
        """Return the names of the files with this base path."""
        names = (f"{base}.{suffix}" for suffix in SUFFIXES)
        return [name for name in names if self.file_exists(name)]

    def write_file(self, name: str, content: bytes) -> None:
        with self.open_atomic(name) as file:
            file.write(content)

    def read_file(self, name: str) -> bytes:
        """Return the content of a file that is read as a whole."""
        with self.open_file(name) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise VerificationException(f"{name} has more than {MAX_BYTES} bytes.")
        return content

    def hash_file(self, name: str) -> str:
        digest = sha256()
        with self.open_file(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a gzip file, without newlines.

        Raises:
            VerificationException: the file is truncated or corrupt, or has more lines
                than the application writes.
        """
        with (
            translate_gzip_errors(name),
            self.open_file(name) as stored,
            gzip.open(stored, "rb") as file,
        ):
            read = partial(file.readline, MAX_LINE_BYTES + 1)
            for number, line in enumerate(iter(read, b""), start=1):
                if len(line) > MAX_LINE_BYTES:
                    raise VerificationException(f"{name} has a line without an end.")
                if number > MAX_LINES:
                    raise VerificationException(f"{name} has too many lines.")
                yield line.removesuffix(b"\n")

    def read_members(
        self, name: str, extents: Iterable[tuple[int, int]]
    ) -> Iterator[bytes]:
        """Yield the content of the gzip members at these (start, end) offsets.

        Raises:
            VerificationException: a member is truncated or corrupt.
        """
        with translate_gzip_errors(name):
            for start, end in extents:
                yield gzip.decompress(self.read_range(name, start, end))


@contextmanager
def translate_gzip_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise VerificationException(f"{name} is corrupt: {error}") from None
