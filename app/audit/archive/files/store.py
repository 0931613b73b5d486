"""The folder of cold storage: files that are there whole, or not at all."""

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

CHUNK = 1 << 20


class Store:
    """Paths here are relative to the folder: `changes/2026/11/2026-11-23.0001`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            # Not made by us: a mount that is missing must not be mistaken for empty.
            raise ArchiveException(
                f"There is no folder {folder}. Make it, or mount it."
            )

    def manifests(self, log: LogName) -> list[str]:
        """Return a log's manifests, day by day."""
        found = (self.folder / log).rglob("*.manifest.json")
        return sorted(str(path.relative_to(self.folder)) for path in found)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Write a file under another name; it gets its own once it is on the disk."""
        path = self.folder / name
        self.make_folders(path.parent)
        part = path.with_name(f"{path.name}.part")
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)

    def make_folders(self, folder: Path) -> None:
        """Make what is missing between our folder and this one, and see it to the disk.

        Our own folder is not made again: had its disk gone, we would fill another.
        """
        if folder != self.folder and not folder.is_dir():
            self.make_folders(folder.parent)
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)

    def write(self, name: str, content: bytes) -> None:
        with self.writing(name) as file:
            file.write(content)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def exists(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def remove(self, base: str) -> None:
        """Remove all files that begin with this name."""
        path = self.folder / base
        for file in path.parent.glob(f"{path.name}.*"):
            file.unlink()

    def size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def file_hash(self, name: str) -> str:
        digest = sha256()
        with (self.folder / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield a packed file's lines, without their ends."""
        with self.unpacking(name), gzip.open(self.folder / name, "rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")

    def parts(self, name: str, extents: Iterable[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the content of parts of a packed file, each a member of its own."""
        with self.unpacking(name), (self.folder / name).open("rb") as file:
            for first, last in extents:
                file.seek(first)
                yield gzip.decompress(file.read(last - first))

    @contextmanager
    def unpacking(self, name: str) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise VerificationException(f"{name} is damaged: {error}") from None


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
